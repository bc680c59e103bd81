export interface Assignment {
  readonly perihal: string;
  /** The classification in the order's number. */
  readonly code: string;
  readonly dasar: string;
  readonly untuk: readonly string[];
}

export const LAWS: readonly string[] = [
  'Undang-Undang Nomor 2 Tahun 2002 tentang Kepolisian Negara Republik Indonesia',
  'Undang-Undang Nomor 8 Tahun 1981 tentang Hukum Acara Pidana',
  'Undang-Undang Nomor 22 Tahun 2009 tentang Lalu Lintas dan Angkutan Jalan',
  'Undang-Undang Nomor 9 Tahun 1998 tentang Kemerdekaan Menyampaikan Pendapat di Muka Umum',
  'Peraturan Kapolri Nomor 14 Tahun 2012 tentang Manajemen Penyidikan',
];

/** What every order ends with. */
export const CLOSINGS: readonly string[] = [
  'Melaporkan hasil pelaksanaan tugas kepada pimpinan',
  'Melaksanakan perintah ini dengan penuh rasa tanggung jawab',
  'Surat perintah ini berlaku sejak tanggal dikeluarkan',
];

/** `#` stands for a running number, `@` for the year. */
export const ASSIGNMENTS: readonly Assignment[] = [
  {
    perihal: 'Pengamanan unjuk rasa di depan kantor wali kota',
    code: 'PAM.3.3.',
    dasar: 'Surat Telegram Kapolda Nomor ST/#/PAM.3.3./@',
    untuk: ['Melaksanakan pengamanan terbuka dan tertutup', 'Mengutamakan tindakan persuasif dan humanis'],
  },
  {
    perihal: 'Penyelidikan tindak pidana pencurian kendaraan bermotor',
    code: 'RES.1.8.',
    dasar: 'Laporan Polisi Nomor LP/B/#/@/SPKT',
    untuk: ['Melakukan penyelidikan dan pengumpulan barang bukti', 'Memeriksa saksi, korban dan tersangka'],
  },
  {
    perihal: 'Pengaturan arus lalu lintas Operasi "Ketupat @"',
    code: 'OPS.1.3.',
    dasar: 'Rencana Operasi Nomor R/RENOPS/#/OPS.1.3./@',
    untuk: ['Mengatur arus mudik pada pos pengamanan', 'Mencatat jumlah kendaraan setiap 6 jam'],
  },
  {
    perihal: 'Pendampingan bantuan hukum bagi anggota',
    code: 'HUK.6.6.',
    dasar: 'Surat permohonan bantuan hukum Nomor B/#/HUK.6.6./@',
    untuk: ['Memberikan bantuan hukum di pengadilan negeri', 'Menyiapkan surat kuasa dan berkas perkara'],
  },
  {
    perihal: 'Peserta pelatihan fungsi teknis Samapta',
    code: 'DIK.2.2.',
    dasar: 'Kalender pelatihan TA @ Nomor Kep/#/DIK.2.2./@',
    untuk: ['Mengikuti pelatihan selama 5 hari kerja', 'Membawa perlengkapan perorangan lengkap'],
  },
  {
    perihal: 'Patroli skala besar pada malam akhir pekan',
    code: 'OPS.2.1.',
    dasar: 'Rencana Kegiatan Rutin yang Ditingkatkan Nomor R/#/OPS.2.1./@',
    untuk: ['Melaksanakan patroli pukul 22.00–04.00 WIB', 'Membubarkan balap liar dan kerumunan'],
  },
  {
    perihal: 'Pengamanan pertandingan sepak bola Liga 1',
    code: 'PAM.2.1.',
    dasar: 'Surat panitia pelaksana Nomor #/PANPEL/@',
    untuk: ['Mengamankan ring 1 sampai ring 4 stadion', 'Memeriksa penonton di 8 pintu masuk'],
  },
  {
    perihal: 'Pelaksanaan tes kesamaptaan jasmani periodik',
    code: 'KES.8.1.',
    dasar: 'Surat Kepala Biro SDM Nomor B/#/KES.8.1./@',
    untuk: ['Menjadi penguji dan pencatat waktu', 'Menyusun rekapitulasi nilai peserta'],
  },
  {
    perihal: 'Pemusnahan barang bukti narkotika',
    code: 'RES.4.2.',
    dasar: 'Ketetapan status barang sitaan Nomor TAP-#/@',
    untuk: ['Mengawal barang bukti ke tempat pemusnahan', 'Membuat berita acara dan dokumentasi'],
  },
  {
    perihal: 'Audit internal pengelolaan senjata api dinas',
    code: 'WAS.2.4.',
    dasar: 'Program kerja pengawasan TA @ Nomor R/#/WAS.2.4./@',
    untuk: ['Memeriksa 150 pucuk senjata api dan amunisi', 'Mencocokkan buku register dengan fisik'],
  },
  {
    perihal: 'Bakti sosial dan pelayanan kesehatan gratis',
    code: 'BIN.5.1.',
    dasar: 'Surat Perintah Kapolda Nomor Sprin/#/BIN.5.1./@',
    untuk: ['Menyalurkan 500 paket bahan pokok', 'Membantu tenaga kesehatan di lapangan'],
  },
  {
    perihal: 'Penerimaan calon anggota Polri di tingkat daerah',
    code: 'DIK.1.1.',
    dasar: 'Pengumuman penerimaan Nomor Peng/#/DIK.1.1./@',
    untuk: ['Memeriksa administrasi calon siswa', 'Menjaga seleksi bersih, transparan dan akuntabel'],
  },
];
