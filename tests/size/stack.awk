# SPDX-License-Identifier: MIT
# From gcc's call graphs (-fcallgraph-info=su): the deepest stack below any of
# the functions ROOTS, in bytes.  A call through a pointer may reach each of
# the functions CALLBACKS.  Calls that leave the graph count nothing.

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
	if (name in known)
		return known[name]
	if (name in open) {
		# A callback that calls another one does not call itself.
		if (name != "__indirect_call")
			recursive = recursive " " name
		return 0
	}
	open[name] = 1
	n = split(name == "__indirect_call" ? CALLBACKS : calls[name], list)
	for (i = 1; i <= n; i++) {
		below = depth(list[i])
		if (below > deepest)
			deepest = below
	}
	delete open[name]
	return known[name] = frame[name] + deepest
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
