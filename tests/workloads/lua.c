/* SPDX-License-Identifier: MIT */
/* Scripts in Lua: strings, tables, closures, and the end of memory. */
#include <stdio.h>
#include <stdlib.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"
#include "workload.h"

static const char script[] =
	"local words, total = {}, 0\n"
	"for round = 1, 3 do\n"
	"  for i = 1, 1500 do\n"
	"    local w = ('w%d'):format(i * 7919 % 1009)\n"
	"    words[w] = (words[w] or '') .. string.char(97 + i % 26)\n"
	"  end\n"
	"end\n"
	"for _, v in pairs(words) do total = total + #v end\n"
	"assert(total == 4500, 'strings')\n"
	"local t = {}\n"
	"for i = 1, 3000 do t[#t + 1] = { i, tostring(i), { i * 2 } } end\n"
	"for i = #t, 1, -2 do table.remove(t, i) end\n"
	"table.sort(t, function(a, b) return a[2] < b[2] end)\n"
	"assert(#t == 1500 and t[1][2] == '1', 'tables')\n"
	"local fs, sum = {}, 0\n"
	"for i = 1, 500 do\n"
	"  local n = 0\n"
	"  fs[i] = function(x) n = n + x; return n * i end\n"
	"end\n"
	"for k = 1, 4 do for i = 1, 500 do sum = sum + fs[i](k) end end\n"
	"assert(sum == 125250 * (1 + 3 + 6 + 10), 'closures')\n"
	"local co = coroutine.wrap(function() for i = 1, 300 do\n"
	"  coroutine.yield(('x'):rep(i)) end return '' end)\n"
	"local n = 0\n"
	"for i = 1, 300 do n = n + #co() end\n"
	"assert(n == 45150, 'coroutines')\n"
	"local out = {}\n"
	"for i = 1, 400 do out[i] = string.format('%5.2f', i / 7) end\n"
	"assert(#table.concat(out, ',') > 2000, 'concat')\n"
	"local text = ('the heap and the stack '):rep(200)\n"
	"local _, hits = text:gsub('%w+', function(w) return w:upper() end)\n"
	"assert(hits == 1000, 'gsub')\n";

/* Each takes memory until there is none; the next one finds all of it again. */
static const char *const greedy[] = {
	"local s = 'x' while true do s = s .. s end",
	"local t = {} while true do t[#t + 1] = ('%d'):format(#t) end",
	"local t for i = 1, math.huge do t = { t, i } end",
	"local t = {} while true do t[#t + 1] = function() return t end end",
};

static bool run(lua_State *l, const char *text)
{
	if (luaL_dostring(l, text) == LUA_OK)
		return true;
	printf("lua: %s\n", lua_tostring(l, -1));
	lua_settop(l, 0);
	return false;
}

/* No panic may hide: all errors come by pcall. */
static bool runs_out(lua_State *l, const char *text)
{
	int status = luaL_loadstring(l, text);

	if (status == LUA_OK)
		status = lua_pcall(l, 0, 0, 0);
	lua_settop(l, 0);
	lua_gc(l, LUA_GCCOLLECT);
	return status == LUA_ERRMEM;
}

bool workload(void)
{
	static const luaL_Reg libraries[] = {
		{LUA_GNAME, luaopen_base},
		{LUA_TABLIBNAME, luaopen_table},
		{LUA_STRLIBNAME, luaopen_string},
		{LUA_MATHLIBNAME, luaopen_math},
		{LUA_COLIBNAME, luaopen_coroutine},
	};
	lua_State *l = luaL_newstate();
	bool good = true;

	if (l == NULL)
		return went_wrong("a state is made");
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		luaL_requiref(l, libraries[i].name, libraries[i].func, 1);
		lua_pop(l, 1);
	}
	if (!run(l, script))
		good = went_wrong("the script does its work");
	for (size_t i = 0; i < sizeof(greedy) / sizeof(greedy[0]); i++)
		if (!runs_out(l, greedy[i]))
			good = went_wrong("memory ends with an error");
	if (!run(l, script))
		good = went_wrong("the script works after memory had ended");
	lua_close(l);
	return good;
}
