"""Where a thread goes: into a list that the program keeps, or into a conversation that OpenAI keeps.

                  history                         conversation
made              [items]                         client.conversations.create(items=[…])
added             thread.append(item)             client.conversations.items.create(thread.id, items=[item])
asked             input=thread                    conversation=thread.id
with outputs      thread.extend(outputs), before  input=outputs
kept              thread.extend(run.output)       by the server, when the response has completed
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from bridge.codemod import arguments
from bridge.codemod.fixer import parse, statement
from bridge.codemod.plan import Around, Plan
from bridge.scan.python import Call

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


def is_history(plan: Plan) -> bool:
    return plan.state == "history"


def again(updated: cst.CSTNode, made: cst.BaseExpression) -> cst.BaseExpression:
    """Awaited, if the call was."""
    return updated.with_changes(expression=made) if isinstance(updated, cst.Await) else made


def created(plan: Plan, call: Call, updated: cst.CSTNode, items: cst.BaseExpression | None) -> cst.BaseExpression:
    """A thread with these items."""
    if is_history(plan):
        return items if items is not None else cst.List([])
    template = "{client}.conversations.create(items={items})" if items else "{client}.conversations.create()"
    return again(updated, parse(template, client=arguments.client(plan, call), items=items))


def added(plan: Plan, call: Call, updated: cst.CSTNode, thread: Any, items: Any, is_list: bool) -> cst.BaseExpression:
    """An item more, or a list of them."""
    if is_history(plan):
        return parse("{thread}.extend({items})" if is_list else "{thread}.append({items})", thread=thread, items=items)
    given = items if is_list else cst.List([cst.Element(items)])
    template = "{client}.conversations.items.create({thread}, items={given})"
    return again(updated, parse(template, client=arguments.client(plan, call), thread=thread, given=given))


def deleted(plan: Plan, call: Call, updated: cst.CSTNode, thread: Any) -> cst.BaseExpression:
    if is_history(plan):
        return parse("{thread}.clear()", thread=thread)
    return again(
        updated,
        parse("{client}.conversations.delete({thread})", client=arguments.client(plan, call), thread=thread),
    )


def asked(plan: Plan, thread: Any, outputs: Any, around: Around) -> tuple[str, dict[str, Any]]:
    """What of a request says which history it is of: the template of its arguments, and what it holds."""
    if not is_history(plan):
        given = "conversation={thread}, input={outputs}" if outputs is not None else "conversation={thread}"
        return given, {"thread": thread, "outputs": outputs}
    if outputs is not None:
        around.before.append(statement("{thread}.extend({outputs})", thread=thread, outputs=outputs))
    return "input={thread}", {"thread": thread}


def kept(plan: Plan, run: Any, thread: Any) -> list[Statement]:
    """What puts the answer of the model into the history."""
    if not is_history(plan):
        return []
    if plan.keeps_texts:
        item = '{thread}.append({"role": "assistant", "content": {run}.output_text})'
        return [statement(item, thread=thread, run=run)]
    return [statement("{thread}.extend({run}.output)", thread=thread, run=run)]


def kept_at_once(plan: Plan, response: cst.BaseExpression, thread: Any) -> cst.BaseExpression:
    """The same for a response that gets no name."""
    if not is_history(plan):
        return response
    if isinstance(response, cst.Await):
        response = response.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    if plan.keeps_texts:
        item = '{thread}.append({"role": "assistant", "content": {response}.output_text})'
        return parse(item, thread=thread, response=response)
    return parse("{thread}.extend({response}.output)", thread=thread, response=response)
