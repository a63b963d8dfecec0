"""What `lumbung.lifecycle.layout` asks PostgreSQL's catalogue. Each question is answered in a fixed order.

``:schema`` is where to look, ``:prefix`` the plugin's name with a low line, ``:version`` its version table.
"""

# ruff: noqa: S608  (nothing is put into these texts but other constants)
from __future__ import annotations

from lumbung.database.ownership import owned

RELATIONS = f"""
SELECT c.oid, c.relname, quote_ident(c.relname) AS quoted, c.relkind::text, c.relpersistence::text,
       c.relispartition, c.reloptions,
       EXISTS (SELECT 1 FROM pg_inherits h WHERE c.oid IN (h.inhrelid, h.inhparent)) AND c.relkind = 'r' AS child,
       CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END AS viewdef
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND ({owned("c.relname")} OR c.relname = :version)
ORDER BY c.relname
"""

TABLES = f"""
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND ({owned("c.relname")} OR c.relname = :version)
ORDER BY c.relname
"""

COLUMNS = """
SELECT a.attrelid, quote_ident(a.attname) AS quoted, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull,
       a.attidentity::text, a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid) AS value,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
       CASE WHEN a.attstorage <> t.typstorage THEN
            CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END
       END AS storage,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
       s.seqrelid::regclass::text AS identity, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_depend p ON p.classid = 'pg_class'::regclass AND p.refclassid = 'pg_class'::regclass
     AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum AND p.deptype = 'i' AND a.attidentity <> ''
LEFT JOIN pg_sequence s ON s.seqrelid = p.objid
WHERE a.attrelid = ANY(:tables) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

SEQUENCES = """
SELECT c.oid, quote_ident(c.relname) AS quoted, p.deptype::text, format_type(s.seqtypid, NULL) AS type,
       s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
       p.refobjid::regclass::text || '.' || quote_ident(a.attname) AS owner
FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid
LEFT JOIN pg_depend p ON p.classid = 'pg_class'::regclass AND p.objid = c.oid AND p.deptype IN ('a', 'i')
     AND p.refclassid = 'pg_class'::regclass
LEFT JOIN pg_attribute a ON a.attrelid = p.refobjid AND a.attnum = p.refobjsubid
WHERE c.oid = ANY(:oids) ORDER BY c.relname
"""

FUNCTIONS = f"""
SELECT p.oid, quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS full_name,
       quote_ident(p.proname) AS name, pg_get_functiondef(p.oid) AS definition, p.oid::regprocedure::text AS signature
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = :schema AND p.prokind IN ('f', 'p') AND {owned("p.proname")}
ORDER BY p.oid::regprocedure::text
"""

# A type is the plugin's when it is named so, or when its tables alone use it.
TYPES = f"""
SELECT t.oid, quote_ident(t.typname) AS quoted, t.typtype::text, format_type(t.typbasetype, t.typtypmod) AS base,
       t.typdefault, t.typnotnull,
       (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e
        WHERE e.enumtypid = t.oid) AS labels,
       (SELECT string_agg(' CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), ''
                          ORDER BY k.conname)
        FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c') AS checks
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = :schema AND t.typtype IN ('e', 'd', 'c', 'r')
  AND (t.typrelid = 0 OR EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
  AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = 'pg_type'::regclass AND x.objid = t.oid
                  AND x.deptype = 'e')
  AND ({owned("t.typname")} OR (
       EXISTS (SELECT 1 FROM pg_attribute a WHERE a.atttypid IN (t.oid, t.typarray) AND a.attrelid = ANY(:tables)
               AND NOT a.attisdropped)
       AND NOT EXISTS (SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                       WHERE a.atttypid IN (t.oid, t.typarray) AND a.attrelid <> ALL(:tables) AND c.relkind = 'r'
                         AND NOT a.attisdropped)))
ORDER BY t.typname
"""

CONSTRAINTS = """
SELECT k.conrelid, k.confrelid, k.contype::text, quote_ident(k.conname) AS quoted,
       pg_get_constraintdef(k.oid) AS definition
FROM pg_constraint k WHERE k.conrelid = ANY(:tables) AND k.contype IN ('p', 'u', 'x', 'c', 'f')
ORDER BY k.contype NOT IN ('p', 'u'), k.conrelid::regclass::text, k.conname
"""

OUTSIDE_KEYS = """
SELECT k.conrelid::regclass::text AS table, quote_ident(k.conname) AS name, pg_get_constraintdef(k.oid) AS definition
FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = ANY(:tables) AND k.conrelid <> ALL(:tables)
ORDER BY 1, 2
"""

INDEXES = """
SELECT pg_get_indexdef(i.indexrelid, 0, true) AS definition
FROM pg_index i WHERE i.indrelid = ANY(:tables)
  AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY 1
"""

TRIGGERS = """
SELECT t.tgrelid, quote_ident(t.tgname) AS quoted, t.tgenabled::text, pg_get_triggerdef(t.oid, true) AS definition
FROM pg_trigger t WHERE t.tgrelid = ANY(:tables) AND NOT t.tgisinternal
ORDER BY t.tgrelid::regclass::text, t.tgname
"""

SECURITY = """
SELECT c.oid, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c
WHERE c.oid = ANY(:tables) ORDER BY c.relname
"""

POLICIES = """
SELECT p.polrelid, quote_ident(p.polname) AS quoted, p.polcmd::text, p.polpermissive,
       pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check,
       (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ' ORDER BY r)
        FROM unnest(p.polroles) r) AS roles
FROM pg_policy p WHERE p.polrelid = ANY(:tables) ORDER BY p.polrelid::regclass::text, p.polname
"""

COMMENTS = """
SELECT d.objoid, quote_literal(d.description) AS words, quote_ident(a.attname) AS column,
       CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
WHERE d.classoid = 'pg_class'::regclass AND d.objoid = ANY(:oids)
ORDER BY c.relname, d.objsubid
"""

TABLE_RIGHTS = """
SELECT oid, privilege, columns, grantee, is_grantable, owner FROM (
    SELECT c.oid, c.relname, r.privilege_type AS privilege, NULL AS columns, r.is_grantable,
           r.grantee = c.relowner AS owner,
           CASE WHEN r.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.grantee)) END AS grantee
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) r WHERE c.oid = ANY(:oids)
    UNION ALL
    SELECT c.oid, c.relname, r.privilege_type, ' (' || quote_ident(a.attname) || ')', r.is_grantable,
           r.grantee = c.relowner,
           CASE WHEN r.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.grantee)) END
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid CROSS JOIN LATERAL aclexplode(a.attacl) r
    WHERE c.oid = ANY(:oids)
) rights ORDER BY relname, columns NULLS FIRST, grantee, is_grantable AND NOT owner, privilege
"""

FUNCTION_RIGHTS = """
SELECT p.oid, r.privilege_type AS privilege, NULL AS columns, r.is_grantable, r.grantee = p.proowner AS owner,
       CASE WHEN r.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.grantee)) END AS grantee
FROM pg_proc p CROSS JOIN LATERAL aclexplode(p.proacl) r WHERE p.oid = ANY(:oids)
ORDER BY p.oid::regprocedure::text, grantee
"""

TYPE_RIGHTS = """
SELECT t.oid, r.privilege_type AS privilege, NULL AS columns, r.is_grantable, r.grantee = t.typowner AS owner,
       CASE WHEN r.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.grantee)) END AS grantee
FROM pg_type t CROSS JOIN LATERAL aclexplode(t.typacl) r WHERE t.oid = ANY(:oids)
ORDER BY t.typname, grantee
"""

# Which thing needs which, parts (defaults, rules, checks of domains, row and array types) counted as their whole. A
# sequence "needs" the column it belongs to; that comes later, as OWNED BY.
NEEDS = """
WITH wholes (classid, part, oid) AS (
    SELECT 'pg_class'::regclass::oid, o, o FROM unnest(CAST(:oids AS oid[])) o
    UNION ALL SELECT 'pg_proc'::regclass::oid, o, o FROM unnest(CAST(:oids AS oid[])) o
    UNION ALL SELECT 'pg_type'::regclass::oid, o, o FROM unnest(CAST(:oids AS oid[])) o
    UNION ALL SELECT 'pg_type'::regclass::oid, t.oid, t.typrelid FROM pg_type t WHERE t.typrelid = ANY(:oids)
    UNION ALL SELECT 'pg_type'::regclass::oid, t.oid, t.typelem FROM pg_type t
        WHERE t.typelem = ANY(:oids) AND t.typcategory = 'A'
    UNION ALL SELECT 'pg_type'::regclass::oid, t.oid, e.typrelid FROM pg_type t JOIN pg_type e ON e.oid = t.typelem
        WHERE e.typrelid = ANY(:oids) AND t.typcategory = 'A'
    UNION ALL SELECT 'pg_attrdef'::regclass::oid, d.oid, d.adrelid FROM pg_attrdef d WHERE d.adrelid = ANY(:oids)
    UNION ALL SELECT 'pg_rewrite'::regclass::oid, r.oid, r.ev_class FROM pg_rewrite r WHERE r.ev_class = ANY(:oids)
    UNION ALL SELECT 'pg_constraint'::regclass::oid, k.oid, k.contypid FROM pg_constraint k
        WHERE k.contypid = ANY(:oids)
)
SELECT DISTINCT w.oid, n.oid AS needs
FROM pg_depend p JOIN wholes w ON (w.classid, w.part) = (p.classid, p.objid)
JOIN wholes n ON (n.classid, n.part) = (p.refclassid, p.refobjid)
WHERE w.oid <> n.oid AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = w.oid AND c.relkind = 'S'
                                     AND p.classid = 'pg_class'::regclass)
"""
