"""The rule language: load, check, match.

A rule is a Sigma rule with one more key, ``response``. It means the same on a live event and, as
SQL, on the records. What an action does to the traffic is the respond room's.
"""
