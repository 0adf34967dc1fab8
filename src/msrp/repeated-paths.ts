/** Stands for the octets of a To-Path and a From-Path: messages that have the same one have the same paths. */
export type PathsToken = object;

/** Stands for the octets of a last header: that of messages with a body is the Content-Type [RFC 4975 §9]. */
export type LastHeaderToken = object;
