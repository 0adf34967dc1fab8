/** Files and folders that have to be there: rules of the machine rather than of the text. */
import { existsSync, lstatSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isFolder } from '../../lib/folder.js';
import type { Rule } from './rule.js';

export function routeHasFile(directory: string): Rule {
  return {
    reads: ['proto_msrp', 'filters'],
    check({ proto_msrp, filters }, refuse) {
      if (proto_msrp.trace_filter_route === null) return;
      const file = resolve(directory, filters, `${proto_msrp.trace_filter_route}.js`);
      if (!existsSync(file)) refuse(['proto_msrp', 'trace_filter_route'], `there is no file ${file}`);
    },
  };
}

/** The folders of the FIFOs are there, and no other file stands in their place. */
export function fifosHaveRoom(directory: string): Rule {
  return {
    reads: ['mi_fifo'],
    check({ mi_fifo }, refuse) {
      if (mi_fifo === undefined) return;
      const folders = { fifo_name: dirname(resolve(directory, mi_fifo.fifo_name)), reply_dir: mi_fifo.reply_dir };
      for (const [key, folder] of Object.entries(folders)) {
        const path = resolve(directory, folder);
        if (!isFolder(path)) refuse(['mi_fifo', key], `there is no folder ${path}`);
      }
      const fifo = resolve(directory, mi_fifo.fifo_name);
      if (isOtherFile(fifo)) refuse(['mi_fifo', 'fifo_name'], `${fifo} is no FIFO: name another, or remove it`);
    },
  };
}

function isOtherFile(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isFIFO() === false;
  } catch {
    // Its folder is told of.
    return false;
  }
}

/** The folder of the spool is there, or can be made in one that is. */
export function spoolHasRoom(directory: string): Rule {
  return {
    reads: ['proto_hep'],
    check({ proto_hep: { hep_spool } }, refuse) {
      if (hep_spool === null) return;
      const [dir, path] = [resolve(directory, hep_spool.dir), ['proto_hep', 'hep_spool', 'dir']];
      if (isFolder(dir)) return;
      if (existsSync(dir)) refuse(path, `${dir} is no folder: name another, or remove it`);
      else if (!isFolder(dirname(dir))) refuse(path, `there is no folder ${dirname(dir)}`);
    },
  };
}
