"""What people see of us besides answers: typing, read marks, a tapback that says a message was seen.

manners    what the config wants of that, for whom (pure)
attention  which turns run in which chats, and which call is due (pure)
actor      makes the calls, one at a time, and none that could hold up an answer
"""
