# SPDX-License-Identifier: MIT
# What makes many objects of many sizes, and a few very large ones.
import gc
import hashlib
import json
import re
import threading
import zlib

tree = {str(i): {"list": list(range(i % 50)), "text": "x" * (i % 300)}
        for i in range(3000)}
text = json.dumps(tree, sort_keys=True)
print(len(text), json.loads(text) == tree)
print(len(re.findall(r'"(\d+)": \{"list": \[[^]]*7\]', text)))
print(hashlib.sha256(text.encode()).hexdigest())
print(zlib.decompress(zlib.compress(text.encode())) == text.encode())

grown = bytearray()
for i in range(200000):
    grown += b"%d," % i
print(len(grown), hashlib.sha256(grown).hexdigest()[:16])
print((3 ** 200000 // 7 ** 30000).bit_length())

results = []


def work(seed):
    made = {}
    for i in range(5000):
        made[(seed * i) % 997] = [str(i)] * (i % 40)
    results.append(sum(len(v) for v in made.values()))


threads = [threading.Thread(target=work, args=(i + 1,)) for i in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(results))
del tree, text, grown
print(gc.collect() >= 0)
