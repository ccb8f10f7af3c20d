// The images in a prediction request: one as the body, several as multipart form data, or base64 in JSON.
import { z } from '@hono/zod-openapi';
import { isJpeg, isPng, jpegShape, pngShape } from './image-shape.ts';
import type { Limits } from './limits.ts';
import { parseMultipart } from './multipart.ts';
import { Problem } from './problem.ts';

export const base64Images = z
  .strictObject({
    images: z
      .array(z.string())
      .min(1)
      .openapi({ description: 'JPEG or PNG files in base64 (RFC 4648 section 4), with padding.' }),
  })
  .openapi('Base64Images');

type Parser = (body: Uint8Array, contentType: string, most: number) => Uint8Array[];

/** Content types that a prediction takes, with what turns a body into images. */
const PARSERS: Readonly<Record<string, Parser>> = {
  'image/jpeg': (body) => [body],
  'image/png': (body) => [body],
  'application/octet-stream': (body) => [body],
  'multipart/form-data': imagesOfForm,
  'application/json': parseBase64,
};

export const IMAGE_CONTENT_TYPES = Object.keys(PARSERS);

/**
 * What turns the body into at most `most` images; refuses before the body is read.
 * @throws {Problem} unsupported-media-type.
 */
export function imageParser(contentType: string | null, most: number): (body: Uint8Array) => Uint8Array[] {
  const type = contentType?.split(';', 1)[0]!.trim().toLowerCase() ?? '';
  const parser = Object.hasOwn(PARSERS, type) ? PARSERS[type] : undefined;
  if (parser !== undefined) return (body) => parser(body, contentType!, most);
  const got = contentType === null ? 'none' : JSON.stringify(contentType);
  const known = IMAGE_CONTENT_TYPES.join(', ');
  throw new Problem('unsupported-media-type', `content-type must be one of ${known}, got ${got}`);
}

function imagesOfForm(body: Uint8Array, contentType: string, most: number): Uint8Array[] {
  return parseMultipart(body, contentType, most).map(({ name, fileName, data }) => {
    if (fileName !== null) return data;
    throw new Problem(
      'request-invalid',
      `each part must be a file, but ${JSON.stringify(name)} has no filename`,
    );
  });
}

function parseBase64(body: Uint8Array): Uint8Array[] {
  const parsed = base64Images.safeParse(parseJson(body));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new Problem('request-invalid', `${issue.path.join('.') || 'the body'}: ${issue.message}`);
  }
  return parsed.data.images.map(decodeBase64);
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw new Problem('malformed-request', `the body must be JSON in UTF-8: ${(error as Error).message}`);
  }
}

function decodeBase64(text: string, index: number): Uint8Array {
  if (text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) return Buffer.from(text, 'base64');
  throw new Problem('request-invalid', `images.${index} must be base64 with padding`);
}

/** Checks what can be told before anything is decoded. @throws {Problem} body-too-large, image-unusable, request-invalid. */
export function checkImages(
  images: readonly Uint8Array[],
  limits: Pick<Limits, 'images' | 'pixels' | 'scans'>,
): void {
  if (images.length === 0) throw new Problem('request-invalid', 'the request must hold at least one image');
  if (images.length > limits.images) {
    throw new Problem('body-too-large', `a request may hold ${limits.images} images, got ${images.length}`);
  }
  images.forEach((image, i) => {
    const trouble = troubleWith(image, limits);
    if (trouble !== null) throw unusable(i, images.length, trouble);
  });
}

/** The problem for image `index` of `count`. */
export function unusable(index: number, count: number, trouble: string): Problem {
  return new Problem('image-unusable', count === 1 ? trouble : `image ${index}: ${trouble}`);
}

function troubleWith(image: Uint8Array, { pixels, scans }: Pick<Limits, 'pixels' | 'scans'>): string | null {
  if (!isJpeg(image) && !isPng(image)) {
    return `the image must be a JPEG or a PNG; its ${image.length} bytes begin as neither`;
  }
  const shape = isJpeg(image) ? jpegShape(image) : pngShape(image);
  if (shape === null) return 'the image must be whole, but its header is cut off or damaged';
  const { width, height, components } = shape;
  if (!shape.supported) return 'a JPEG must be baseline or progressive with 8 bits a sample';
  if (components === 2 || components > 3)
    return `a JPEG must be gray or in colour, got ${components} components`;
  if (width * height === 0) return `the image must have pixels, got ${width}×${height}`;
  if (width * height > pixels)
    return `the image may have ${pixels} pixels, its header announces ${width}×${height}`;
  if (shape.scans > scans) return `a JPEG may have ${scans} scans, got ${shape.scans}`;
  return null;
}
