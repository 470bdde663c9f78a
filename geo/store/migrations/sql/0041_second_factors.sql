-- Second factors without phones: cards of codes that are each good once, certificates of browsers.
ALTER TABLE govgrid.account
    ADD COLUMN card_at timestamptz,
    ADD COLUMN certificate text UNIQUE,
    ADD COLUMN factor_owed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN govgrid.account.card_at IS 'when its code card was issued; a card without codes left lets nobody in';
COMMENT ON COLUMN govgrid.account.certificate IS 'fingerprint or subject of the client certificate that counts as its second factor';
COMMENT ON COLUMN govgrid.account.factor_owed IS 'it had a card or a certificate once: it logs in with a second factor from then on, whatever its role';

CREATE TABLE govgrid.login_code (
    account uuid NOT NULL REFERENCES govgrid.account ON DELETE CASCADE,
    number  smallint NOT NULL CHECK (number BETWEEN 1 AND 30),
    hmac    bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (account, number)
);
COMMENT ON TABLE govgrid.login_code IS 'codes of the card in force of an account, each good once, in the order of their numbers';
COMMENT ON COLUMN govgrid.login_code.hmac IS 'with a key derived from that of the installation: eight digits alone are soon guessed';

ALTER TABLE govgrid.login_code ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON govgrid.login_code FOR SELECT TO govgrid_web USING (
    account = govgrid.session_setting('account')::uuid OR govgrid.has_action('login') OR govgrid.has_action('accounts'));
CREATE POLICY used ON govgrid.login_code FOR UPDATE TO govgrid_web USING (govgrid.has_action('login'));
CREATE POLICY issued ON govgrid.login_code FOR INSERT TO govgrid_web WITH CHECK (govgrid.has_action('accounts'));
CREATE POLICY revoked ON govgrid.login_code FOR DELETE TO govgrid_web USING (govgrid.has_action('accounts'));
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON govgrid.login_code TO govgrid_web;
GRANT UPDATE (card_at, certificate, factor_owed) ON govgrid.account TO govgrid_web;
