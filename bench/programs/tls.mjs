/** One cipher suite everywhere, so that no proxy has the cheaper one. */
export const CIPHERS = 'TLS_AES_128_GCM_SHA256';
