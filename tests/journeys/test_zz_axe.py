import importlib.util, time, collections
spec=importlib.util.spec_from_file_location("tb","/work/main/tests/journeys/test_barriers.py"); tb=importlib.util.module_from_spec(spec); spec.loader.exec_module(tb)
FRAME="""() => { const all = document.body.cloneNode(true); for (const main of all.querySelectorAll("main")) main.replaceChildren();
 return all.outerHTML.replace(/\\s(?:href|value|id|src|nonce|for|aria-describedby|data-[\\w-]+)="[^"]*"/g, ""); }"""
def run(page, what, options):
    return len(page.evaluate("([what, options]) => axe.run(what, options).then(r => r.violations)",[what,options]))
def test_x(demo_regency,password,new_page):
    who=tb.ADMIN
    email,mine,others,least=who
    page=new_page(reduced_motion="reduce")
    tb.sign_in(page,demo_regency,email,password)
    T=collections.Counter(); seen=set(); n=0
    for path in tb.crawl(page,demo_regency,mine,others):
        n+=1
        page.evaluate(tb.AXE)
        t=time.monotonic(); run(page,"html",tb.RULES); T['a wide all']+=time.monotonic()-t
        R={"resultTypes":["violations"],"rules":{"color-contrast":{"enabled":False},"target-size":{"enabled":False}}}
        E={"resultTypes":["violations"],"runOnly":["color-contrast","target-size"]}
        t=time.monotonic(); run(page,"html",R); T['b wide cheap']+=time.monotonic()-t
        t=time.monotonic(); run(page,"html",E); T['c wide dear']+=time.monotonic()-t
        t=time.monotonic(); run(page,"main",E); T['d wide dear main']+=time.monotonic()-t
        t=time.monotonic(); run(page,"html",tb.NARROW); T['e narrow']+=time.monotonic()-t
        t=time.monotonic(); run(page,"main",tb.NARROW); T['f narrow main']+=time.monotonic()-t
        seen.add(page.evaluate(FRAME))
    print(T,n,len(seen))
