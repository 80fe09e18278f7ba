import time, random, json
from datetime import timedelta
from uuid import UUID
from sqlalchemy import text
from tests.conftest import NOON
from tests.attribution.happened import found, credit_all
from growth.database.engine import transaction
from growth.attribution.crediting import credit
from growth.measurement.rolling_up import roll_up
from growth.measurement.report import report, channel_days
from growth.measurement import rolling_up
from growth.events.months import ensure_months

N = 1_000_000


def test_perf(engine):
    found(engine, NOON)
    with transaction(engine) as s:
        ensure_months(s, [NOON - timedelta(days=d) for d in range(0, 185)])
    t = time.time()
    with engine.begin() as c:
        c.execute(
            text(
                "insert into person(created_at,country) select now(), (array['RU','US','BR','UA','KZ'])[1+i%5] from generate_series(1,100000) i"
            )
        )
    CH = 100_000
    for start in range(0, N, CH):
        with engine.begin() as c:
            c.execute(
                text("""insert into event (occurred_at,event_id,kind,source,side,person_id,visitor,country,properties)
        select timestamptz '2026-11-24 12:00Z' - make_interval(secs => (:n - i) * 180*86400.0/:n), gen_random_uuid(),
          case when i%40=1 then 'registration' when i%40=2 then 'order' when i%400=3 then 'refund' when i%10<2 then 'page_view' else 'email_delivered' end,
          'sandbox', case when i%9=0 then 'seller' else 'buyer' end,
          case when i%3=0 then 1+(i::bigint*7919)%100000 end, md5(((i::bigint*7919)%150000)::text)::uuid, (array['RU','US','BR',null])[1+i%4],
          case when i%40=2 then jsonb_build_object('order', i::text, 'amount_minor', i%9999, 'currency','USD') when i%400=3 then jsonb_build_object('order',(i-1)::text)
               when i%10<2 then jsonb_build_object('url','https://m.example/', 'referrer', (array['https://www.google.com/','https://www.alibaba.com/','https://x.example/'])[1+i%3]) else '{}' end
        from generate_series(:a, :b) i"""),
                {"n": N, "a": start, "b": start + CH - 1},
            )
    print("filled", time.time() - t)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.execute(text("vacuum analyze"))
    t = time.time()
    n = 0
    last = t
    while True:
        with transaction(engine) as s:
            step = credit(s, NOON, None, 1000)
        n += step.done
        if n % 200000 == 0 and step.done:
            print(n, 200000 / (time.time() - last))
            last = time.time()
        if step.next is None:
            break
    print("credited", n, "in", time.time() - t)
    t = time.time()
    d = 0
    while True:
        with transaction(engine) as s:
            step = roll_up(s, NOON, None, 30)
        d += step.done
        if step.next is None:
            break
    print("rolled", d, "days in", time.time() - t)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.execute(text("vacuum analyze"))
    with engine.connect() as c:
        for tb in ("event", "touch", "conversion", "credit", "channel_day"):
            print(tb, c.scalar(text(f"select count(*) from {tb}")))
    for _ in range(3):
        t = time.time()
        with transaction(engine) as s:
            r = report(s, "buyer", 90, None, NOON)
        print("report", time.time() - t, r.total)
    with transaction(engine) as s:
        t = time.time()
        channel_days(s, "buyer", "seo", days=90, country=None, now=NOON)
        print("channel_days", time.time() - t)
    t = time.time()
    with transaction(engine) as s:
        credit(s, NOON, None, 1000)
        roll_up(s, NOON, None, 30)
    print("idle", time.time() - t)
    # steady state: 1 new order & touch
    with transaction(engine) as s:
        s.execute(text("set local auto_explain.log_analyze=on")) if False else None
    from sqlalchemy import event as ev

    seen = []

    def before(conn, cur, stmt, params, ctx, many):
        seen.append((stmt, params))

    with engine.begin() as c:
        for k in range(200):
            c.execute(
                text(
                    "insert into event (occurred_at,event_id,kind,source,side,person_id,visitor,country,properties) values (timestamptz '2026-11-24 11:00Z' + make_interval(secs=>:k), gen_random_uuid(), :kind,'sandbox','buyer',:p, md5((:k*31)::text)::uuid,'RU', cast(:pr as jsonb))"
                ),
                {
                    "k": k,
                    "kind": ["page_view", "order", "registration", "refund"][k % 4],
                    "p": 1 + k * 13,
                    "pr": json.dumps(
                        {
                            "url": "https://m.example/?aff=1",
                            "order": f"new{k}" if k % 4 == 1 else str(40 * k + 2),
                            "amount_minor": 5,
                            "currency": "USD",
                        }
                    ),
                },
            )
    ev.listen(engine, "before_cursor_execute", before)
    t = time.time()
    with transaction(engine) as s:
        credit(s, NOON, None, 1000)
        roll_up(s, NOON, None, 30)
    print("minute of 200", time.time() - t)
    with transaction(engine) as s:
        report(s, "buyer", 90, "RU", NOON)
    ev.remove(engine, "before_cursor_execute", before)
    with engine.connect() as c:
        for stmt, params in seen:
            up = stmt.lstrip().lower()
            if isinstance(params, (list,)):
                continue
            if not up.startswith(("select", "update", "with", "insert", "delete")):
                continue
            tr = c.begin()
            try:
                plan = c.exec_driver_sql("explain (analyze, timing off, summary on) " + stmt, params).scalars().all()
            except Exception as e:
                print("ERR", str(e)[:150])
                tr.rollback()
                continue
            tr.rollback()
            txt = "\n".join(plan)
            ms = [l for l in plan if "Execution Time" in l][0]
            bad = [l.strip() for l in plan if "Seq Scan" in l]
            print(ms, stmt[:90].replace("\n", " "), bad)
