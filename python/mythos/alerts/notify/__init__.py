"""The ways out: who is told of an alert, when, and how it is made sure that they are.

Grouping, waits, repeats, inhibition and silences are those of Alertmanager, whose configuration file is read as it is;
what could not be sent is kept in a file, and sent when it can be.
"""
