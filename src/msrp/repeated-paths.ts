/** Stands for the octets of a To-Path and a From-Path: messages that have the same one have the same paths. */
export type PathsToken = object;
