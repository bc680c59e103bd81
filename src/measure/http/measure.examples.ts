/** Of the demo, shortened. */
export const errors = {
  jobs: {
    total: 300,
    approved: 210,
    approved_share: 0.7,
    diverged: 0,
    too_large: 0,
    measured: 210,
    uncorrected: 45,
    uncorrected_share: 0.214286,
  },
  reviewers: [
    { reviewer: 'andi.p', approved: 41, uncorrected: 7, rate: 0.170732, interval: [0.085253, 0.312626] },
    { reviewer: 'b.santoso', approved: 40, uncorrected: 8, rate: 0.2, interval: [0.105, 0.347573] },
  ],
  all: {
    documents: 210,
    documents_affected: 165,
    documents_rate: 0.785714,
    documents_interval: [0.725347, 0.835817],
    values: 10765,
    wrong: 348,
    missing: 115,
    spurious: 120,
    rate: 0.054157,
    interval: [0.047348, 0.060857],
  },
  fields: [
    {
      field_path: 'header.tanggal',
      documents: 210,
      documents_affected: 28,
      documents_rate: 0.133333,
      documents_interval: [0.093885, 0.185955],
      values: 210,
      wrong: 22,
      missing: 6,
      spurious: 0,
      rate: 0.133333,
      interval: [0.090476, 0.185714],
      confusions: [
        { from: 'O', to: '0', count: 6 },
        { from: 'S', to: '5', count: 5 },
        { from: 'l', to: '1', count: 2 },
      ],
    },
    {
      field_path: 'personel[*].nrp',
      documents: 210,
      documents_affected: 107,
      documents_rate: 0.509524,
      documents_interval: [0.44235, 0.576356],
      values: 1767,
      wrong: 125,
      missing: 14,
      spurious: 16,
      rate: 0.087719,
      interval: [0.074007, 0.102482],
      confusions: [
        { from: 'O', to: '0', count: 11 },
        { from: 'l', to: '1', count: 10 },
        { from: 'B', to: '8', count: 8 },
      ],
    },
  ],
};

/** Of the demo, shortened. */
export const coverage = {
  as_of: '2025-06-30T00:00:00Z',
  jobs: { total: 300, approved: 210, diverged: 0 },
  buckets: [
    {
      name: 'header',
      field_path: 'header',
      have: 210,
      need: 500,
      missing: 290,
      last_28_days: 30,
      day: '2026-03-28',
    },
    {
      name: 'table',
      field_path: 'personel[*]',
      have: 210,
      need: 1000,
      missing: 790,
      last_28_days: 30,
      day: '2027-07-08',
    },
  ],
  per: [
    {
      field_path: 'header.satuan',
      values: 14,
      done: 0,
      progress: [
        {
          value: 'Polres Metro Jakarta Selatan',
          have: 31,
          need: 50,
          missing: 19,
          last_28_days: 6,
          day: '2025-09-27',
        },
        { value: 'Polda Jawa Barat', have: 22, need: 50, missing: 28, last_28_days: 2, day: '2026-07-27' },
      ],
    },
  ],
  gain: {
    gain: 0.02,
    documents: {
      rate: 0.785714,
      interval: [0.725347, 0.835817],
      half_width: 0.055235,
      is_narrow_enough: false,
      documents_needed: 1602,
    },
    values: {
      rate: 0.054157,
      interval: [0.047348, 0.060857],
      half_width: 0.006755,
      is_narrow_enough: true,
      documents_needed: 24,
    },
  },
};
