"""A tape, asked again: the recorded requests go to the candidate, its answers make a tape of their own.

conversation  what a tape says of its runs: which legs they had and what the model answered in each
inverse       such a leg → the events of a Responses server that would lead to it
upstream      a Responses server that plays them, run by run
ids           the candidate's ids for the recorded ones
plan          the exchanges that are asked, in which order, and what each waits for
targets       where they are asked: a service in this process, or a server
player        the replay itself
candidate     the same with the target chosen by words: tape, scripted, a URL
"""
