"""What is allowed: agreements, decisions, and the engines that evaluate `policy/comity`."""
