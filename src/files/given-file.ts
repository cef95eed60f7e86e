/** A file or folder that a person named. */
export interface GivenFile {
  /** As it was written, for messages. */
  readonly name: string;
  /** The absolute path. */
  readonly path: string;
}
