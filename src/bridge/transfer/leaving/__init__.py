"""Threads on their way out of a store (docs/leaving.md).

    exported         a thread in the form of an export, asked for over the API
    items            as the input items of a Responses call
    lines            as lines of JSON
    markdown         for people
    folders          files of all these, with the bytes of the files that the threads name
    conversations    as Conversations upstream

All of them read a page at a time and write as they read, so that neither long threads nor many take memory.
"""
