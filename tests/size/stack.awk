# SPDX-License-Identifier: MIT
# From gcc's call graphs (-fcallgraph-info=su): the deepest stack below any of
# the functions ROOTS, in bytes.  A call through a pointer may reach each of
# the functions CALLBACKS.  Calls that leave the graph count nothing.
#
# A function that calls itself, directly or not, has no bound, but for the few
# that the holder of the lock calls once more.  So often each can be under way:

BEGIN {
	at_once["heap_alloc_from"] = 3 # first; with the lock; as a last resort
	at_once["heap_alloc_locked"] = 1
	at_once["heap/core.c:take_fresh"] = 1
	at_once["heap_free_from"] = 2 # first; with the lock
	at_once["heap_free_locked"] = 2
}

/^node:/ {
	name = quoted($0, "title: \"")
	if (match($0, /[0-9]+ bytes \([a-z,]+\)/)) {
		text = substr($0, RSTART, RLENGTH)
		frame[name] = text + 0
		if (text !~ /static/)
			unbounded = unbounded " " name
	}
}

/^edge:/ {
	from = quoted($0, "sourcename: \"")
	calls[from] = calls[from] " " quoted($0, "targetname: \"")
}

function quoted(line, before,    at)
{
	at = index(line, before)
	line = substr(line, at + length(before))
	return substr(line, 1, index(line, "\"") - 1)
}

function depth(name,    list, i, n, below, deepest)
{
	if (open[name] >= (name in at_once ? at_once[name] : 1)) {
		# A callback that calls another one does not call itself.
		if (!(name in at_once) && name != "__indirect_call")
			recursive = recursive " " name
		return 0
	}
	open[name]++
	n = split(name == "__indirect_call" ? CALLBACKS : calls[name], list)
	for (i = 1; i <= n; i++) {
		below = depth(list[i])
		if (below > deepest)
			deepest = below
	}
	open[name]--
	return frame[name] + deepest
}

END {
	n = split(ROOTS, root)
	for (i = 1; i <= n; i++)
		if (depth(root[i]) > deepest)
			deepest = depth(root[i])
	if (unbounded recursive != "")
		print "stack: not bounded:" unbounded recursive | "cat >&2"
	print deepest
}
