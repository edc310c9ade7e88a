BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE drafts (
	name TEXT NOT NULL, 
	ts_ns INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (name)
)
 STRICT

;
CREATE TABLE events (
	stream TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	role TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	v INTEGER NOT NULL, 
	ts_ns INTEGER NOT NULL, 
	logged_ns INTEGER NOT NULL, 
	wire_id TEXT, 
	tape_pos INTEGER NOT NULL, 
	tape_hash TEXT NOT NULL, 
	body TEXT NOT NULL, 
	prev_hash TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (stream, seq), 
	CONSTRAINT events_role CHECK (role IN ('event', 'outcome', 'command'))
)
 STRICT

;
INSERT INTO "events" VALUES('main',1,1,5,'event','OrderAccepted',1,1723075200000000005,1723075200000000005,NULL,4,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"exchange_order_id":"5","key":[1,5,0],"ts_ns":1723075200000000005}','0000000000000000000000000000000000000000000000000000000000000000','143a46a86e6a1caeca67cb3bfd5b08600fc7c4afb0ecd24d69f944acb8e4623d');
INSERT INTO "events" VALUES('main',2,1,5,'outcome','OrderApproved',1,1723075200000000005,1723075200000000005,NULL,4,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,5,0],"limits_used":[["max_position_usdt","25"]],"notes":[],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000005}','143a46a86e6a1caeca67cb3bfd5b08600fc7c4afb0ecd24d69f944acb8e4623d','78730d2e7f9c933d07edd3be275b7a9daa382e22ba74e41ed30cb502be095625');
INSERT INTO "events" VALUES('main',3,1,5,'command','SubmitOrder',1,1723075200000000005,1723075200000000005,'g-1-5-0-0123456789abcdef',4,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,5,0],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000005}','78730d2e7f9c933d07edd3be275b7a9daa382e22ba74e41ed30cb502be095625','2a544133328cfd2085b8957fb3b5b6d29a0f266f2cb396821d3a5ee7b628c81f');
INSERT INTO "events" VALUES('main',4,1,5,'command','SetTimer',1,1723075200000000005,1723075200000000005,NULL,4,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"at_ns":1723075200000000006,"key":"watch"}','2a544133328cfd2085b8957fb3b5b6d29a0f266f2cb396821d3a5ee7b628c81f','723a9efb3529916579580e7acccbbc7f7d4eb275eb7c2164960386cdf24b6baf');
INSERT INTO "events" VALUES('main',5,1,7,'outcome','OrderApproved',1,1723075200000000007,1723075200000000007,NULL,6,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,7,0],"limits_used":[["max_position_usdt","25"]],"notes":[],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000007}','723a9efb3529916579580e7acccbbc7f7d4eb275eb7c2164960386cdf24b6baf','2a1a4f0e8ef48cf490803cc1271742138233f640ba51c186214abb913690a029');
INSERT INTO "events" VALUES('main',6,1,7,'command','SubmitOrder',1,1723075200000000007,1723075200000000007,'g-1-7-0-0123456789abcdef',6,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,7,0],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000007}','2a1a4f0e8ef48cf490803cc1271742138233f640ba51c186214abb913690a029','9307fc81d3907cb2048d90bc77c82801ac46387d454be8d74974c62ea74b9c79');
INSERT INTO "events" VALUES('main',7,1,7,'command','SetTimer',1,1723075200000000007,1723075200000000007,NULL,6,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"at_ns":1723075200000000008,"key":"watch"}','9307fc81d3907cb2048d90bc77c82801ac46387d454be8d74974c62ea74b9c79','2b35b20b69e6e5d3f1897c2f128f4a955b881c6f30473c4ec0e48502c12e6558');
INSERT INTO "events" VALUES('main',8,1,10,'event','OrderAccepted',1,1723075200000000010,1723075200000000010,NULL,8,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"exchange_order_id":"10","key":[1,10,0],"ts_ns":1723075200000000010}','2b35b20b69e6e5d3f1897c2f128f4a955b881c6f30473c4ec0e48502c12e6558','28db9e7ae86b6db4574aa21504d28222b0d1730f784d956e91392513f768a4af');
INSERT INTO "events" VALUES('main',9,1,10,'outcome','OrderApproved',1,1723075200000000010,1723075200000000010,NULL,8,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,10,0],"limits_used":[["max_position_usdt","25"]],"notes":[],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000010}','28db9e7ae86b6db4574aa21504d28222b0d1730f784d956e91392513f768a4af','c2135b5eb90d566d7964dd54232a319f279b06adc9e1a25b2c3d71cb1d5e32ab');
INSERT INTO "events" VALUES('main',10,1,10,'command','SubmitOrder',1,1723075200000000010,1723075200000000010,'g-1-10-0-0123456789abcdef',8,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,10,0],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000010}','c2135b5eb90d566d7964dd54232a319f279b06adc9e1a25b2c3d71cb1d5e32ab','1267eb41c05234d37ffc12bee15b0392ac4e7b21bedc4fc9497a0f1df6b87f9b');
INSERT INTO "events" VALUES('main',11,1,10,'command','SetTimer',1,1723075200000000010,1723075200000000010,NULL,8,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"at_ns":1723075200000000011,"key":"watch"}','1267eb41c05234d37ffc12bee15b0392ac4e7b21bedc4fc9497a0f1df6b87f9b','634c5c4cb5c10324d7ea601727e58d0a4660d59441a10eece37cc7e0ca8f15f2');
INSERT INTO "events" VALUES('main',12,1,14,'outcome','OrderApproved',1,1723075200000000014,1723075200000000014,NULL,12,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,14,0],"limits_used":[["max_position_usdt","25"]],"notes":[],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000014}','634c5c4cb5c10324d7ea601727e58d0a4660d59441a10eece37cc7e0ca8f15f2','a0281e66d3d16a3e05e54415230c8aeff7f63519eedbc1762c2b4800f4277deb');
INSERT INTO "events" VALUES('main',13,1,14,'command','SubmitOrder',1,1723075200000000014,1723075200000000014,'g-1-14-0-0123456789abcdef',12,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,14,0],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000014}','a0281e66d3d16a3e05e54415230c8aeff7f63519eedbc1762c2b4800f4277deb','b009e732ce684e2225abcde2934d42a316a094401def54ad184ea0f0c15827a6');
INSERT INTO "events" VALUES('main',14,1,14,'command','SetTimer',1,1723075200000000014,1723075200000000014,NULL,12,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"at_ns":1723075200000000015,"key":"watch"}','b009e732ce684e2225abcde2934d42a316a094401def54ad184ea0f0c15827a6','ab25279ba4a1669f61c3dd808fcc1006bb35c4faf575d81b5d8923ba61df04b3');
INSERT INTO "events" VALUES('main',15,1,15,'event','OrderAccepted',1,1723075200000000015,1723075200000000015,NULL,12,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"exchange_order_id":"15","key":[1,15,0],"ts_ns":1723075200000000015}','ab25279ba4a1669f61c3dd808fcc1006bb35c4faf575d81b5d8923ba61df04b3','f21a8aaa265ba74f2a7509f98e7985af773e67a77c9f9c54bfafc2a835e7e519');
INSERT INTO "events" VALUES('main',16,1,15,'outcome','OrderApproved',1,1723075200000000015,1723075200000000015,NULL,12,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,15,0],"limits_used":[["max_position_usdt","25"]],"notes":[],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000015}','f21a8aaa265ba74f2a7509f98e7985af773e67a77c9f9c54bfafc2a835e7e519','aff8226c31d1c8ec4ef744dd2c84bf8d0c1b5777457490885889beb378bd285d');
INSERT INTO "events" VALUES('main',17,1,15,'command','SubmitOrder',1,1723075200000000015,1723075200000000015,'g-1-15-0-0123456789abcdef',12,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,15,0],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000015}','aff8226c31d1c8ec4ef744dd2c84bf8d0c1b5777457490885889beb378bd285d','536eedefc9130c7e65ededed7b5e6e8c32faaf1d6ee5de16cc0c9067eca57f63');
INSERT INTO "events" VALUES('main',18,1,15,'command','SetTimer',1,1723075200000000015,1723075200000000015,NULL,12,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"at_ns":1723075200000000016,"key":"watch"}','536eedefc9130c7e65ededed7b5e6e8c32faaf1d6ee5de16cc0c9067eca57f63','d638bf89411a108c9689498a95e423411c4ea2b14d2f9cba9b59ebf79792277c');
INSERT INTO "events" VALUES('main',19,1,20,'event','OrderAccepted',1,1723075200000000020,1723075200000000020,NULL,16,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"exchange_order_id":"20","key":[1,20,0],"ts_ns":1723075200000000020}','d638bf89411a108c9689498a95e423411c4ea2b14d2f9cba9b59ebf79792277c','bb196af707c5f944c598c5c41021ee49179df4daad9067af69108052c30380e7');
INSERT INTO "events" VALUES('main',20,1,20,'outcome','OrderApproved',1,1723075200000000020,1723075200000000020,NULL,16,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,20,0],"limits_used":[["max_position_usdt","25"]],"notes":[],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000020}','bb196af707c5f944c598c5c41021ee49179df4daad9067af69108052c30380e7','ed12e63e642619ba786cf88b3d5bf34a5351bdafbad43d3ef6bc47fd12485f66');
INSERT INTO "events" VALUES('main',21,1,20,'command','SubmitOrder',1,1723075200000000020,1723075200000000020,'g-1-20-0-0123456789abcdef',16,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,20,0],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000020}','ed12e63e642619ba786cf88b3d5bf34a5351bdafbad43d3ef6bc47fd12485f66','36d6e33253b0a9108681e1bf8a6ead9c5cdeede938d8cd91004d136daedf37e3');
INSERT INTO "events" VALUES('main',22,1,20,'command','SetTimer',1,1723075200000000020,1723075200000000020,NULL,16,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"at_ns":1723075200000000021,"key":"watch"}','36d6e33253b0a9108681e1bf8a6ead9c5cdeede938d8cd91004d136daedf37e3','d6feaea0d36cf9dc94e346cab900e79ea4f0e5d8c04daa6f0fa95f2f6588d299');
INSERT INTO "events" VALUES('main',23,1,21,'outcome','OrderApproved',1,1723075200000000021,1723075200000000021,NULL,17,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,21,0],"limits_used":[["max_position_usdt","25"]],"notes":[],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000021}','d6feaea0d36cf9dc94e346cab900e79ea4f0e5d8c04daa6f0fa95f2f6588d299','3d8e0a85b73fd0e590089f799323ad5abbb034e000974df6768c55ecaceaf02b');
INSERT INTO "events" VALUES('main',24,1,21,'command','SubmitOrder',1,1723075200000000021,1723075200000000021,'g-1-21-0-0123456789abcdef',17,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"key":[1,21,0],"request":{"client_ref":null,"limit_price":null,"post_only":false,"purpose":"ENTRY","qty":"0.00037","side":"BUY","source":"","stop_plan":null,"stop_price":null,"symbol":"BTC/USDT","type":"MARKET","why":"öffnen"},"ts_ns":1723075200000000021}','3d8e0a85b73fd0e590089f799323ad5abbb034e000974df6768c55ecaceaf02b','138170cfe805a08e2d3eb00761e92e517ec8d56b6d2583737f7591fa0085fe8c');
INSERT INTO "events" VALUES('main',25,1,21,'command','SetTimer',1,1723075200000000021,1723075200000000021,NULL,17,'b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7','{"at_ns":1723075200000000022,"key":"watch"}','138170cfe805a08e2d3eb00761e92e517ec8d56b6d2583737f7591fa0085fe8c','dc024128a372d1b209f02b4f339c503d3d915bed476e251bd685ef48f9e79ba4');
CREATE TABLE journal (
	id INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	ts_ns INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE tape (
	stream TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	first_step INTEGER NOT NULL, 
	last_step INTEGER NOT NULL, 
	first_pos INTEGER NOT NULL, 
	event_count INTEGER NOT NULL, 
	logged_ns INTEGER NOT NULL, 
	codec TEXT NOT NULL, 
	body BLOB NOT NULL, 
	prev_hash TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (stream, seq)
)
 STRICT

;
INSERT INTO "tape" VALUES('main',1,1,1,21,1,17,1723075200000000021,'lines.zlib',X'78019DD4CD6A83401486E1FD5C85CC3AB4F38DFF2EDBDE41ED5A4C624192F447CD42CADC7B4F2974D1C8914F578E88BC8C731E44F5D01EBBBA3F9C22445F767F9DBBA1E9C7E6D29EBAC156AFED79EC76F663E80F9DAD6C9A3A07BBB39FD32C2B77F7BB1AE7CBFEFD2C0F1EEAC7FB97E7A75ADE987E3EDBF4475B411663F336CA5DEE6397A7DEFD5D08C6AF144CC3F55F802703BC12E08389570216B620260B62A5200E265929B8DD82840C48948024988C0EC8C8804C09C882C9570216FE81230B72A5200FA65829B8FD07EC1C144A40114CB912B0B005EC20944A41190CC027B007118A06100DC073909207018A07100FB00104761CA0880011013C09EC3C40310162027814D8F3084505880AD8C0024B331417202E8087819E094506880CD840033D148A0D101BFC061BD813E9151B3CC237C21D7A4A','0000000000000000000000000000000000000000000000000000000000000000','b23a99e5eefed505f833cfb63acf11d180ecc518852c2ee0dd053df5ccdeb9d7');
CREATE INDEX events_kind ON events (stream, kind, seq);
CREATE UNIQUE INDEX events_wire_id ON events (stream, wire_id) WHERE wire_id IS NOT NULL;
CREATE INDEX ix_journal_sha256 ON journal (sha256);
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events is append-only: UPDATE refused'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events is append-only: DELETE refused'); END;
CREATE TRIGGER events_follows BEFORE INSERT ON events WHEN NEW.seq <> 1 + COALESCE((SELECT MAX(seq) FROM events WHERE stream = NEW.stream), 0) OR NEW.prev_hash <> COALESCE((SELECT hash FROM events WHERE stream = NEW.stream AND seq = NEW.seq - 1), '0000000000000000000000000000000000000000000000000000000000000000') BEGIN SELECT RAISE(ABORT, 'events is append-only: the row does not follow the last'); END;
CREATE TRIGGER tape_no_update BEFORE UPDATE ON tape BEGIN SELECT RAISE(ABORT, 'tape is append-only: UPDATE refused'); END;
CREATE TRIGGER tape_no_delete BEFORE DELETE ON tape BEGIN SELECT RAISE(ABORT, 'tape is append-only: DELETE refused'); END;
CREATE TRIGGER tape_follows BEFORE INSERT ON tape WHEN NEW.seq <> 1 + COALESCE((SELECT MAX(seq) FROM tape WHERE stream = NEW.stream), 0) OR NEW.prev_hash <> COALESCE((SELECT hash FROM tape WHERE stream = NEW.stream AND seq = NEW.seq - 1), '0000000000000000000000000000000000000000000000000000000000000000') BEGIN SELECT RAISE(ABORT, 'tape is append-only: the row does not follow the last'); END;
COMMIT;
