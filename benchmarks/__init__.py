"""What the bridge costs against the plain SDK, measured in one run: ``python -m benchmarks`` (docs/performance.md)."""
