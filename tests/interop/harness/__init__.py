"""What the interop tests are made of: programs, peers, targets, proxies, streams."""
