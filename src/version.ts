import packageJson from '../package.json' with { type: 'json' };

/** The version of this build, from package.json, the only place that holds it. */
export const version: string = packageJson.version;

/** Releases below this line lack a security fix that a gateway open to the internet needs. */
export const nodeFloor = '24.22.1';

/** True when `nodeVersion` (`v24.21.0`) is older than the floor. Other majors have floors of their own and pass. */
export function belowNodeFloor(nodeVersion: string): boolean {
  const [major = 0, minor = 0, patch = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number);
  const [floorMajor = 0, floorMinor = 0, floorPatch = 0] = nodeFloor.split('.').map(Number);
  if (major !== floorMajor) return major < floorMajor;
  return minor !== floorMinor ? minor < floorMinor : patch < floorPatch;
}
