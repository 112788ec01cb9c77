"""Moving in and moving on: what lay elsewhere comes into the store under its old ids, and goes out again."""
