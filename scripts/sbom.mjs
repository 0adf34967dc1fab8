/**
 * The bill of materials that npm wrote, under the name of the package: npm takes that of the folder, which says something
 * about the machine it was made on and nothing about what was made.
 *
 * @param {string} text CycloneDX, as JSON
 * @param {string} name
 * @returns {string}
 */
export function withName(text, name) {
  const bill = JSON.parse(text);
  if (bill.bomFormat !== 'CycloneDX' || !Array.isArray(bill.components) || bill.components.length === 0) {
    throw new Error('npm sbom wrote no CycloneDX with components');
  }
  bill.metadata.component.name = name;
  return `${JSON.stringify(bill, null, 2)}\n`;
}
