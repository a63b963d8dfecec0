"""The citizen's shell: home, sign-in, registration, account."""
