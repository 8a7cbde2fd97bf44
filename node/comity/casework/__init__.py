"""What do people do over days? Questions that wait for a person, their clock, and what officers did."""
