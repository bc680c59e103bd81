// Everybody and everything numbered here is invented; names are common first and last names drawn by lot.

export type Level = 'officer' | 'constable' | 'civilian';

export interface Rank {
  readonly pangkat: string;
  readonly level: Level;
  readonly weight: number;
  /** Youngest and oldest holder, in years. */
  readonly ages: readonly [number, number];
  /** What the pipeline takes it for. */
  readonly misread: readonly string[];
}

/** From the highest to the lowest, the order in which a table of personnel lists them; civil servants come last. */
export const RANKS: readonly Rank[] = [
  { pangkat: 'AKBP', level: 'officer', weight: 2, ages: [42, 54], misread: ['AKP'] },
  { pangkat: 'KOMPOL', level: 'officer', weight: 4, ages: [37, 52], misread: ['KOMPL', 'K0MPOL'] },
  { pangkat: 'AKP', level: 'officer', weight: 6, ages: [32, 50], misread: ['AKBP', 'AIP'] },
  { pangkat: 'IPTU', level: 'officer', weight: 8, ages: [27, 50], misread: ['IPDA', 'AIPTU'] },
  { pangkat: 'IPDA', level: 'officer', weight: 8, ages: [24, 48], misread: ['IPTU', 'AIPDA'] },
  { pangkat: 'AIPTU', level: 'constable', weight: 12, ages: [40, 55], misread: ['AIPDA', 'IPTU'] },
  { pangkat: 'AIPDA', level: 'constable', weight: 14, ages: [36, 50], misread: ['AIPTU', 'IPDA'] },
  { pangkat: 'BRIPKA', level: 'constable', weight: 18, ages: [31, 45], misread: ['BRIPTU', 'BRIPDA'] },
  { pangkat: 'BRIGPOL', level: 'constable', weight: 16, ages: [28, 40], misread: ['BRIGADIR', 'BRIGPOI'] },
  { pangkat: 'BRIPTU', level: 'constable', weight: 18, ages: [24, 34], misread: ['BRIPKA', 'BRIPDA'] },
  { pangkat: 'BRIPDA', level: 'constable', weight: 20, ages: [20, 27], misread: ['BRIPTU', 'BRIPKA'] },
  { pangkat: 'PENATA', level: 'civilian', weight: 4, ages: [35, 55], misread: ['PENDA', 'PENATA I'] },
  { pangkat: 'PENDA I', level: 'civilian', weight: 3, ages: [30, 50], misread: ['PENDA', 'PENGDA I'] },
  { pangkat: 'PENGATUR', level: 'civilian', weight: 4, ages: [28, 50], misread: ['PENATA', 'PENGDA'] },
  { pangkat: 'PENGDA', level: 'civilian', weight: 3, ages: [25, 45], misread: ['PENDA', 'PENGATUR'] },
];

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const MEN = words(`
  ADI AGUNG AGUS AHMAD ANDI ANDRI ARIF ASEP BAGUS BAMBANG BAYU BUDI DADANG DEDI DENI DIMAS DODI DONI EKO ERWIN
  FAJAR FERI GALIH GUNAWAN HADI HENDRA HERI IMAM INDRA IRFAN IWAN JOKO KOMANG MADE MUHAMMAD NUR PUTU RAHMAT
  RENDI RIZKI ROBI RUDI SIGIT SLAMET TAUFIK TEGUH TRI UJANG WAHYU WAWAN YOGI YUDI ZAINAL`);

export const WOMEN = words(`
  AMELIA ANISA AYU CITRA DESI DEWI DIAN DINI ENDANG ERNA FITRI INDAH INTAN KADEK KARTIKA LESTARI MAYA MEGA NI
  NINGSIH NITA NOVI NURUL PUTRI RATNA RETNO RINA RINI SARI SINTA SRI SUCI TITIN WULAN YANTI YULI`);

export const LAST_NAMES = words(`
  ADIWIJAYA ANGGRAINI BASUKI DARMAWAN FADILLAH FIRMANSYAH GINTING HARAHAP HARTONO HASIBUAN HERNAWAN HIDAYAT
  HUTAPEA IRAWAN ISKANDAR KURNIAWAN KUSUMA LUBIS MAHENDRA MARPAUNG MAULANA MULYADI NAINGGOLAN NASUTION NUGRAHA
  NUGROHO PAMUNGKAS PERMANA PRABOWO PRASETYO PRATAMA PURNOMO PURWANTO RAMADHAN SAEFULLAH SANJAYA SANTOSO
  SAPUTRA SETIAWAN SIMANJUNTAK SIREGAR SOLEH SUDRAJAT SUHENDAR SULISTYO SUPARNO SUPRIYADI SURYANA SUSANTO
  SUTRISNO SUWARNO SYAHPUTRA TAMBUNAN UTAMI WARDANA WIBISONO WIBOWO WICAKSONO WIDODO WIJAYA YULIANTO YUSUF`);

export const TITLES: readonly string[] = [
  'S.H.',
  'S.H., M.H.',
  'S.I.K.',
  'S.Sos.',
  'S.Kom.',
  'S.E.',
  'S.Psi.',
];

/** A unit, and the short form its posts are named with. */
export const UNITS: readonly { readonly satuan: string; readonly short: string; readonly weight: number }[] =
  [
    { satuan: 'Polres Metro Jakarta Selatan', short: 'POLRES', weight: 14 },
    { satuan: 'Satreskrim Polres Metro Jakarta Selatan', short: 'SATRESKRIM', weight: 10 },
    { satuan: 'Satlantas Polres Metro Jakarta Selatan', short: 'SATLANTAS', weight: 6 },
    { satuan: 'Polsek Kebayoran Baru', short: 'POLSEK', weight: 6 },
    { satuan: 'Ditreskrimum Polda Metro Jaya', short: 'DITRESKRIMUM', weight: 7 },
    { satuan: 'Polda Jawa Barat', short: 'POLDA', weight: 9 },
    { satuan: 'Polres Bogor', short: 'POLRES', weight: 9 },
    { satuan: 'Sat Samapta Polrestabes Bandung', short: 'SAT SAMAPTA', weight: 7 },
    { satuan: 'Polrestabes Surabaya', short: 'POLRESTABES', weight: 8 },
    { satuan: 'Bidpropam Polda Jawa Timur', short: 'BIDPROPAM', weight: 4 },
    { satuan: 'Polres Sleman', short: 'POLRES', weight: 7 },
    { satuan: 'Ditlantas Polda Bali', short: 'DITLANTAS', weight: 5 },
    { satuan: 'Polresta Denpasar', short: 'POLRESTA', weight: 5 },
    { satuan: 'Biro SDM Polda Sumatera Utara', short: 'BIRO SDM', weight: 3 },
  ];

/** `*` stands for the unit's short form. */
export const POSTS: Readonly<Record<Level, readonly string[]>> = {
  officer: [
    'KANIT I *',
    'KANIT II *',
    'PANIT 1 *',
    'PANIT 2 *',
    'KASUBNIT *',
    'PADAL *',
    'KAUR BIN OPS *',
    'PS. KANIT *',
  ],
  constable: [
    'BANIT *',
    'BA *',
    'BAMIN *',
    'BANUM *',
    'PS. KASUBNIT *',
    'BHABINKAMTIBMAS',
    'BANIT 3 *',
    'BAUR *',
  ],
  civilian: ['PENGADMINISTRASI UMUM', 'STAF *', 'BENDAHARA PEMBANTU', 'OPERATOR KOMPUTER', 'PAMIN *'],
};

export const NOTES: readonly string[] = [
  'ANGGOTA',
  'PENGEMUDI',
  'DOKUMENTASI',
  'SPRIPIM',
  'OPERATOR',
  'PENYIDIK',
  'CADANGAN',
  'POS 1',
  'POS 5',
];

export const MONTHS: readonly { readonly name: string; readonly english: string; readonly roman: string }[] =
  [
    { name: 'Januari', english: 'January', roman: 'I' },
    { name: 'Februari', english: 'February', roman: 'II' },
    { name: 'Maret', english: 'March', roman: 'III' },
    { name: 'April', english: 'April', roman: 'IV' },
    { name: 'Mei', english: 'May', roman: 'V' },
    { name: 'Juni', english: 'June', roman: 'VI' },
    { name: 'Juli', english: 'July', roman: 'VII' },
    { name: 'Agustus', english: 'August', roman: 'VIII' },
    { name: 'September', english: 'September', roman: 'IX' },
    { name: 'Oktober', english: 'October', roman: 'X' },
    { name: 'November', english: 'November', roman: 'XI' },
    { name: 'Desember', english: 'December', roman: 'XII' },
  ];

export const REVIEWERS: readonly string[] = [
  'rini.k',
  'b.santoso',
  'd.lestari',
  'm.yusuf',
  's.wahyuni',
  'andi.p',
];

export const PAGE_FLAGS: readonly string[] = [
  'stamp_over_text',
  'skewed_page',
  'handwriting',
  'table_truncated',
];
export const FAILURE_FLAGS: readonly string[] = ['ocr_failed', 'model_timeout', 'unreadable_scan'];
