import io, json, pytest
from sqlalchemy import select
from app.boards.operations import *
from app.boards.queries import topic_page
from app.models import *
from tests.conftest import NO_SUCH_ID
from tests.security.test_two_worlds import look, _shape
from tests.conftest import counted_queries

JS = {"Accept": "application/json", "Content-Type": "application/json"}

def jpost(c, path, raw, ctype="application/json"):
    return c.http.post(path, data=raw, headers={"Origin": "http://localhost", "X-CSRF-Token": c.csrf(), "Content-Type": ctype})

def test_probe(app, world, as_, acting, write, rows, deliver):
    app.config["RAISE_MISTAKES"] = False
    h = as_(world.haruka)
    deep = "[" * 200000
    deepo = '{"body":' * 100000
    huge = '{"body": ' + "1" * 5000 + "}"
    for path in ("/api/preview", "/api/drafts/topic-square"):
        for raw in (deep, deepo, huge, '{"body": 1e999}', '{"body": NaN}', "null", "[]", '"x"', '{"body": "\\ud800@x"}', '{"texts":{"body":"\\ud800\\u0000"},"revision":0}', '{"texts":{"body":"x"},"revision":true}','{"texts":{"author_id":"x"},"revision":0}', '{"texts":{"body":"x"},"revision":1e3}', b"\xff\xfe", '{"body":"a","body":"b"}'):
            try:
                a = jpost(h, path, raw)
                print(path, raw[:40], a.status_code, a.text[:80])
            except Exception as e:
                print("EXC", path, raw[:30], type(e), str(e)[:80])
    print("ctype", jpost(h, "/api/preview", '{"body":"x"}', "text/plain").status_code, jpost(h, "/api/drafts/topic-square", '{"texts":{"body":"x"},"revision":0}', "text/plain").status_code)
    a = h.get("/api/drafts/topic-square"); print(a.status_code, a.text)
    # names of composers
    for n in ("reply-../../x", "topic-" + "a"*100, "edit-%00", "persona-x", "reply-a\n", "TOPIC-x", "reply-a%0a"):
        print(n, h.get("/api/drafts/" + n).status_code)
    # mentions
    for q in ("%00", "\ud800".encode("utf-8","surrogatepass").decode("latin1"), "@"*100000, "%", "_", "/", "れん", "そら", "ゆい"):
        try:
            a = h.get("/api/mentions", query_string={"board": "square", "q": q})
            print("M", q[:5].encode("utf-8","replace"), a.status_code, a.text[:150])
        except Exception as e:
            print("EXC m", repr(q[:5]), type(e), str(e)[:100])
    for b in ("news2", "", "\0", "april", "wakaba"):
        print("board", repr(b), h.get("/api/mentions", query_string={"board": b, "q": "そ"}).status_code)
    # alt
    from tests.files.test_files import a_picture, taken, send
    up = taken(h); deliver()
    for data in ({}, {"alt": ""}, {"alt": "\0\u202e<b>"}, {"alt": "x"*100000}, {"owner_id": "1"}):
        a = h.post(f"/api/files/{up}/alt", data); print("alt", str(data)[:30], a.status_code, a.text[:100])
    s = as_(world.sora)
    for p in (f"/files/{up}", f"/files/{up}/small", f"/api/files/{up}"):
        print(p, s.get(p).status_code, s.get(p, headers={"If-None-Match": f'"{up}"'}).status_code)
    for p in (f"/api/files/{up}/alt", f"/api/files/{up}/delete"):
        print(p, s.post(p, {"alt":"x"} if "alt" in p else {}).status_code)
    # odd
    for data in ({"body": "x", "quoted": "\0"}, {"body":"x","quoted":"🌸"}, {"body":"x","mentions":"' or 1=1 --"}, {"body":"x","files":"\0"}, {"body":"x","author_id":"1"},{"body":"x","submission_key":"zz\0"}, {"body":"x","quoted":NO_SUCH_ID}):
        a = h.post(f"/topics/{world.topic_id}/replies", data); print("reply", str(data)[:60], a.status_code)
    for data in ({"on":"\0"},{"on":"heart"},{"on":""},{"off":"x"},{"on":"thanks","off":"agree"},{"on":"thanks","member_id":"2"}):
        a = h.post(f"/posts/{world.first_post_id}/reactions", data); print("react", data, a.status_code)
    a = h.post(f"/posts/{world.first_post_id}/reactions", {"on":"agree"}, headers={"X-Fragment":"1"}); print(a.status_code, a.text[:200])
    for p,d in ((f"/topics/{world.topic_id}/bookmark", {"post":"\0"}),(f"/topics/{world.topic_id}/bookmark", {"post":"//evil"}),(f"/topics/{world.topic_id}/level", {"level":"boss"}),(f"/read?next=//evil", {}),("/boards/x/read",{})):
        a = h.post(p,d); print(p, d, a.status_code, a.headers.get("Location"))
    for q in ("after=%00","after=x","after="+NO_SUCH_ID,"after="+"a"*5000, "before=\ud800", "quote=%F0%90", "quote="+"a"*5000, "quote=%ED%A0%80"):
        try:
            print(q[:20].encode("utf-8","replace"), h.get(f"/topics/{world.topic_id}?{q}").status_code, h.get(f"/api/topics/{world.topic_id}/news?{q}").text)
        except Exception as e: print("EXC", q[:20].encode("utf8","replace"), type(e), e)

def test_probe_files(app, world, as_, acting, deliver):
    app.config["RAISE_MISTAKES"] = False
    h = as_(world.haruka)
    from werkzeug.datastructures import MultiDict
    def many(n, name="attachments", path=f"/topics/{world.topic_id}/replies", fn="a.txt", content=b"x"):
        data = [("csrf_token", h.csrf()), ("body", "x")] + [(name, (io.BytesIO(content), fn)) for _ in range(n)]
        d = MultiDict(data)
        return h.http.post(path, data=d, headers={"Origin": "http://localhost"}, content_type="multipart/form-data")
    import time
    for n in (11, 60, 7000):
        t=time.time()
        a = many(n); print("many", n, a.status_code, round(time.time()-t,2), a.text[a.text.find('<h1'):][:120])
    a = many(1, fn="../../../etc/\u202epasswd\0.txt"); print(a.status_code)
    a = many(1, fn="x.svg", content=b"<svg onload=alert(1)>"); print("svg", a.status_code)
    a = many(1, fn="x.html.txt", content=b"<script>alert(1)</script>"); print("html.txt", a.status_code)
    a = many(1, fn='"><img src=x onerror=alert(1)>.txt', content=b"<script>alert(1)</script>"); print("xss name", a.status_code)
    t = h.page(f"/topics/{world.topic_id}")
    i = t.find("onerror"); print(t[max(0,i-200):i+100])
    # to a topic I cannot see
    a = many(1, path=f"/topics/{NO_SUCH_ID}/replies"); print(a.status_code)
