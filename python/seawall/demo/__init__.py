"""An incident on real servers, with seawall and without: ``python -m seawall.demo``.

A small service answers look-ups of users. The rows are in PostgreSQL, the last good
ones in Valkey, and every answer is sealed with a key that OpenBao hands out to whoever
holds a token of two seconds. Then the database hangs, is killed and comes back, and in
between the token is revoked.

`_service` is what a reader wants to see: the service, guarded and bare. Beside it:
`_plan` (what happens when), `_clients` and `_thread_clients` (asyncio's drivers, and
those that wait in threads), `_world` (the servers and their faults), `_load`, `_run`,
`_record` (what was seen), `_promises`, and what shows it: `_plain`, `_live`, `_report`,
`_picture`.
"""
