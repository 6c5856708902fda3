"""The test suites of other projects, run on a kernel of ours and on theirs."""
