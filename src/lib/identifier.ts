/**
 * What may be a session-id or Call-ID here. Either is the correlation id of HEP packets, which Homer keeps in 255 characters;
 * one that would have to be changed for that would match no other.
 */
export const IDENTIFIER = /^[\x21-\x7e]{1,255}$/;
