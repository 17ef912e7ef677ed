import time, pytest
BAD = ["\0", "a\0b", "//[", "http://[", "\ud800", "x"*5000]
def test_nul_everywhere(world, as_, app):
    app.config["RAISE_MISTAKES"]=False
    h, j, a = as_(world.haruka), as_(world.jinji), as_(world.admin)
    out=[]
    for c,p in [(h,"/boards/a%00b"),(h,"/boards/%00/new"),(h,"/people?q=%00a&tab=%00&after=%00"),(j,"/hr/boards/%00"),(j,"/hr/people?cohort=%00"),(j,"/hr/people?group=%00&q=%00"),(j,"/hr/people?page=9999999999999999999999"),(j,"/hr/people?page=-5"),(j,"/hr/invitations?state=%00&cohort=%00&page=99999999999999999999"),(j,"/hr/invitations/send-all?state=unsent&cohort=%00"),(h,"/sign-in?next=//["),(h,"/confirm?next=//["),(h,"/boards/%ED%A0%80"),(h,"/topics/aaaaaaaaaaaaa?after=%00"),(h,"/static/%00/%00"),(h,"/static/x/..%2f..%2fetc%2fpasswd"),(h,"/people?q="+"%EF%B7%BA"*200), (h,"//evil.example/boards"),(h,"/boards//square"),(h,"/hr//people")]:
        r=c.get(p); out.append((p[:50],r.status_code,r.headers.get("Location")))
    posts=[(h,"/language",{"lang":"ja","next":"//["}),(h,"/theme",{"theme":"dark","next":"/"+"a"*6000}),
      (j,f"/hr/people/{world.haruka.public_id}/group",{"group":"\0"}),
      (j,f"/hr/people/{world.haruka.public_id}/cohort",{"cohort":"\0"}),
      (j,f"/hr/cohorts/{world.april.public_id}/place",{"people":"\0","group":""}),
      (j,"/hr/walls",{"walls":"\0-\0"}),
      (j,"/hr/invitations/new",{"legal_name":"あ","mail":"x@example.jp","role":"candidate","cohort":"\0","group":"\0"}),
      (j,"/hr/invitations/send-all",{"state":"unsent","cohort":"\0","count":"1"}),
      (j,"/hr/invitations/import",{"lines":"a@example.jp","cohort":"\0"}),
      (j,"/hr/boards/new",{"name":"x","readers":["cohort:\0","group:\0"]}),
      (j,"/hr/boards/new",{"name":"x","slug":"\0","readers":["candidates"]}),
      (j,f"/hr/people/{world.haruka.public_id}/suspend",{"reason":"👨‍👩‍👧‍👦"*100}),
      (a,"/admin/community",{"name":"会社","help_line":"👨‍👩‍👧‍👦"*90}),
      (j,"/hr/cohorts",{"name":"👨‍👩‍👧‍👦"*14,"starts_on":"2027-04-01","office_note":""}),
      (j,"/hr/cohorts",{"name":"x","starts_on":"2027-04-01","office_note":"👨‍👩‍👧‍👦"*29}),
      (j,f"/hr/cohorts/{world.april.public_id}/groups",{"name":"👨‍👩‍👧‍👦"*14}),
      (j,"/hr/invitations/new",{"legal_name":"あ","mail":"x@example.jp","role":"employee","department":"👨‍👩‍👧‍👦"*29}),
      (j,"/hr/cohorts",{"name":"y","starts_on":"0001-01-01","office_note":""}),
      (j,"/hr/boards/new",{"name":"x","position":"9"*5000,"readers":["candidates"]}),
      (h,"/rules",{"version":"9"*4000}),
      (h,"/boards/square/new",{"title":"\0x","body":"\0y","submission_key":"\0"}),
      (h,"/me/profile",{"display_name":"\0あ","bud":"1","pace":"\0","language":"ja"}),
      (h,"/me/profile",{"display_name":"あ","bud":"9"*5000,"pace":"few","language":"ja"}),
    ]
    for c,p,d in posts:
        r=c.post(p,d); out.append((p[:50],str(list(d.values())[0])[:20],r.status_code))
    for o in out: print(o)
    x=as_(world.haruka).http.post("/csp-report",data=b"["*200000,content_type="application/csp-report"); print("csp",x.status_code)
    x=as_(world.haruka).http.get("/",headers={"Host":"["}); print("host",x.status_code)
    x=as_(world.haruka).http.get("/",headers={"Accept":"text/html;q=banana,application/json;q=9e999"}); print("accept",x.status_code)
    x=as_(world.haruka).http.get("/",headers={"Host":"evil.example\r\nX: y"}) if 0 else None
    assert 0
