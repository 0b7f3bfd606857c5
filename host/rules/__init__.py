"""What each kind asks and posts: pure functions over what was loaded."""
