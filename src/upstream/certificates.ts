import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

export type Trust =
  /** Node's own roots, NODE_EXTRA_CA_CERTS included. */
  | { readonly kind: 'default' }
  | { readonly kind: 'extended'; readonly context: SecureContext }
  | { readonly kind: 'unusable'; readonly message: string };

/**
 * Whom a provider's TLS trusts: the default roots, and the authorities in `caFile` besides. Naming roots to Node replaces
 * its own and those of NODE_EXTRA_CA_CERTS (`extraFile`), so all of them are named. Reads the files once, at assembly.
 */
export function loadTrust(caFile: string | undefined, extraFile: string | undefined): Trust {
  if (caFile === undefined) return { kind: 'default' };
  const own = readCertificates(caFile);
  if (own === undefined || !isSound(own))
    return {
      kind: 'unusable',
      message: `ca_file ${caFile} can't be read as PEM certificates; name a readable file with sound BEGIN CERTIFICATE blocks`,
    };
  const extra = extraFile === undefined || extraFile === '' ? undefined : readCertificates(extraFile);
  const ca = [...rootCertificates, ...(extra === undefined ? [] : [extra]), own];
  return { kind: 'extended', context: createSecureContext({ ca }) };
}

/** Node ignores a damaged block in silence; the user would look for it in the wrong place. */
function isSound(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block)).length > 0;
  } catch {
    return false;
  }
}

function readCertificates(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
