"""What can be done with the queue: plain functions that change or read rows and raise `DomainError` when a rule
says no. They never commit; the house does, once, when the page ends well.
"""
