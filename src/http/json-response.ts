import { type Response } from 'express';
import { JSON_MEDIA_TYPE } from './json-body.js';

/** Sends JSON text as it is. Express's own way would add a charset, which JSON does not have. */
export function sendJson(response: Response, status: number, text: string | Buffer): void {
  response.status(status).setHeader('Content-Type', JSON_MEDIA_TYPE);
  response.end(text);
}
