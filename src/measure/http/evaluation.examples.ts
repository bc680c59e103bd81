/** Examples for Swagger UI. The first two documents are of the demo. */
import { type JudgedEvaluation } from '../evaluate-query.js';
import { type Score } from '../scores.js';

/** Two, because Swagger UI would write one alone over several lines, as JSON. */
export const predictions = [
  {
    job_id: '01943a11-ba40-772a-bc91-45b84e8e30c1',
    result: { header: { nomor_sprint: 'Sprin/871/I/RES.1.8./2025' } },
  },
  {
    job_id: '01943ff8-6f53-7074-bc10-c92b007954a5',
    result: { header: { nomor_sprint: 'Sprin/418/I/HUK.6.6./2025' } },
  },
] as const;

/** @param values value, its interval, pipeline, difference, its interval */
function score(...values: readonly [number, number, number, number, number, number, number]): Score {
  const [value, low, high, pipeline, difference, difference_low, difference_high] = values;
  return { value, low, high, pipeline, difference, difference_low, difference_high };
}

const nrp = {
  precision: score(0.9808, 0.9712, 0.9885, 0.9336, 0.0472, 0.0301, 0.0646),
  recall: score(0.9791, 0.9688, 0.9871, 0.9314, 0.0477, 0.0305, 0.0655),
  f1: score(0.98, 0.9701, 0.9878, 0.9325, 0.0475, 0.0303, 0.065),
  aligned: score(0.9622, 0.9441, 0.9758, 0.8741, 0.0881, 0.0562, 0.1197),
};
const rates = {
  cer: score(0.0121, 0.0078, 0.0183, 0.0243, -0.0122, -0.0201, -0.0049),
  wer: score(0.0195, 0.0131, 0.0279, 0.0402, -0.0207, -0.0318, -0.0103),
};

export const evaluation: JudgedEvaluation = {
  documents: 210,
  predictions: 210,
  missing: 0,
  coarse: 0,
  sameness: { numbers: 'value', null: 'missing', ignore_case: false },
  scores: {
    exact: score(0.5619, 0.4943, 0.6272, 0.1762, 0.3857, 0.3095, 0.4571),
    anls: score(0.9893, 0.9842, 0.9931, 0.9781, 0.0112, 0.0041, 0.0187),
    ...nrp,
    ...rates,
    macro_f1: score(0.9712, 0.9631, 0.9786, 0.9466, 0.0246, 0.0141, 0.0352),
  },
  fields: [
    {
      ...{ field_path: 'personel[*].nrp', documents: 210, values: 1_912, predicted: 1_909, right: 1_872 },
      ...nrp,
      ...rates,
    },
  ],
  parents: [
    { field_path: 'personel[*]', documents: 210, values: 1_912, predicted: 1_909, right: 1_701, ...nrp },
  ],
  worst: [
    {
      job_id: predictions[0].job_id,
      filename: 'sprint Ditlantas Polda Bali (3).pdf',
      has_prediction: true,
      ...{ values: 41, predicted: 41, right: 30, f1: 0.7317, pipeline_f1: 1 },
    },
  ],
  missed: [{ field_path: 'personel[*].nrp', score: 'f1', least: 0.99, value: 0.98 }],
};
