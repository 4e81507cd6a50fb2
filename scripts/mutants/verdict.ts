import type { Guard } from './guard.ts';

/** What vitest's JSON reporter says, as far as it is read here. */
export type Report = {
  testResults: {
    name: string;
    message?: string;
    assertionResults: { status: string; fullName: string; failureMessages?: string[] | null }[];
  }[];
};

/** `broken`: the run shows nothing about the guard, such as when the patched file cannot be read as a program. */
export type Verdict = { verdict: 'killed' | 'survived' | 'broken'; detail: string };

/** The patched run: the named test must be there, and fail by what it asserts. */
export function judgeMutant(guard: Guard, report: Report | undefined): Verdict {
  if (!report) return { verdict: 'broken', detail: 'the test run gave no report' };
  const tests = testsOf(guard, report);
  if (tests.length === 0) {
    const message = report.testResults.find((file) => file.message)?.message ?? 'no test of that name ran';
    return { verdict: 'broken', detail: firstLine(message) };
  }
  const failures = tests
    .filter((test) => test.status === 'failed')
    .map((test) => test.failureMessages?.join('\n') ?? '');
  if (failures.length === 0) return { verdict: 'survived', detail: `${tests.length} tests of that name passed` };
  const shown = failures.find((text) =>
    guard.failure === undefined ? isAssertion(text) : text.includes(guard.failure),
  );
  if (shown === undefined) return { verdict: 'broken', detail: `no assertion failed: ${firstLine(failures[0] ?? '')}` };
  return { verdict: 'killed', detail: firstLine(shown) };
}

/** The run without a patch: the named test must be there and pass, or its failure would show nothing. */
export function baselineFault(guard: Guard, report: Report): string | undefined {
  const tests = testsOf(guard, report);
  if (tests.length === 0) return `${guard.id}: ${guard.test} has no test "${guard.name}"`;
  const failed = tests.find((test) => test.status !== 'passed');
  return failed && `${guard.id}: without a patch "${failed.fullName}" is ${failed.status}`;
}

function testsOf({ test, name }: Guard, report: Report) {
  return report.testResults
    .filter((file) => file.name.endsWith(`/${test}`))
    .flatMap((file) => file.assertionResults)
    .filter((result) => result.fullName.includes(name) && result.status !== 'skipped' && result.status !== 'pending');
}

/** Of the test or of the product: both assert. A property that fails says so and names what failed inside. */
function isAssertion(text: string): boolean {
  return /AssertionError|Property failed after|instead of rejecting/.test(text);
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.slice(0, 160) ?? '';
}
