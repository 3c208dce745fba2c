"""What the conformance tests share: a server process, a signer of their own, a raw HTTP connection, and error checks."""
