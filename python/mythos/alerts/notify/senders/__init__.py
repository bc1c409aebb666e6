"""The ways out, one module each. A sender makes one attempt: it returns when the receiver has taken what it was sent,
and raises `SendFailed` otherwise; repeating is the outbox's business.
"""
