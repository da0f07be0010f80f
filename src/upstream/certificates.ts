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
  if (own === undefined)
    return {
      kind: 'unusable',
      message: `ca_file ${caFile} can't be read as PEM certificates; name a readable file with BEGIN CERTIFICATE blocks`,
    };
  const extra = extraFile === undefined || extraFile === '' ? undefined : readCertificates(extraFile);
  const ca = [...rootCertificates, ...(extra === undefined ? [] : [extra]), own];
  try {
    return { kind: 'extended', context: createSecureContext({ ca }) };
  } catch {
    return { kind: 'unusable', message: `ca_file ${caFile} holds a damaged certificate` };
  }
}

function readCertificates(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    return text.includes('-----BEGIN CERTIFICATE-----') ? text : undefined;
  } catch {
    return undefined;
  }
}
