"""How the keys of providers look, by a text that each of them holds.

The formats are those of gitleaks' rule set, of keys that are met in notebooks; each is tried only where its text
stands, upper and lower case alike.
"""

import re

_FORMATS = {
    # clouds
    "akia": r"\bAKIA[0-9A-Z]{16}\b",
    "asia": r"\bASIA[0-9A-Z]{16}\b",
    "aiza": r"\bAIza[\w\-]{35}",
    "ya29.": r"\bya29\.[\w\-]{20,}",
    "gocspx-": r"\bGOCSPX-[\w\-]{20,}",
    "q~": r"(?<![\w~.\-])[\w~.]{3}\dQ~[\w~.\-]{31,34}",  # Azure's client secrets
    "accountkey=": r"(?i:(?<=AccountKey=))[A-Za-z0-9+/]{40,}={0,2}",
    "sharedaccesskey=": r"(?i:(?<=SharedAccessKey=))[A-Za-z0-9+/]{40,}={0,2}",
    "dop_v1_": r"\bdo[op]_v1_[0-9a-f]{64}",
    "doo_v1_": r"\bdo[op]_v1_[0-9a-f]{64}",
    "ltai": r"\bLTAI[A-Za-z0-9]{12,24}\b",
    "hvs.": r"\bhvs\.[\w\-]{24,}",
    "dp.pt.": r"\bdp\.pt\.[A-Za-z0-9]{40,}",
    "pscale_": r"\bpscale_(?:tkn|pw|oauth)_[\w.\-]{32,}",
    "sbp_": r"\bsbp_[0-9a-f]{40}\b",
    # code and packages
    "ghp_": r"\bghp_[A-Za-z0-9]{36,}",
    "gho_": r"\bgho_[A-Za-z0-9]{36,}",
    "ghu_": r"\bghu_[A-Za-z0-9]{36,}",
    "ghs_": r"\bghs_[A-Za-z0-9]{36,}",
    "ghr_": r"\bghr_[A-Za-z0-9]{36,}",
    "github_pat_": r"\bgithub_pat_\w{22,}",
    "glpat-": r"\bglpat-[\w\-]{20,}",
    "gldt-": r"\bgldt-[\w\-]{20,}",
    "glrt-": r"\bglrt-[\w\-]{20,}",
    "glcbt-": r"\bglcbt-[\w\-]{20,}",
    "glptt-": r"\bglptt-[0-9a-f]{40}",
    "atatt3": r"\bATATT3[\w=\-]{50,}",
    "pypi-": r"\bpypi-[\w\-]{50,}",
    "npm_": r"\bnpm_[A-Za-z0-9]{36}",
    "rubygems_": r"\brubygems_[0-9a-f]{48}",
    "dckr_pat_": r"\bdckr_pat_[\w\-]{20,}",
    # models and experiments
    "sk-": r"\bsk-[\w\-]{20,}",
    "hf_": r"\bhf_[A-Za-z0-9]{30,}",
    "api_org_": r"\bapi_org_[A-Za-z0-9]{30,}",
    "dapi": r"\bdapi[0-9a-f]{32}",
    "gsk_": r"\bgsk_[A-Za-z0-9]{40,}",
    "xai-": r"\bxai-[A-Za-z0-9]{60,}",
    "pplx-": r"\bpplx-[A-Za-z0-9]{40,}",
    "r8_": r"\br8_[A-Za-z0-9]{37}",
    "nvapi-": r"\bnvapi-[\w\-]{40,}",
    "lsv2_": r"\blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
    "kgat_": r"\bKGAT_[0-9a-f]{32}",
    "wandb_v1_": r"\bwandb_v1_\w{40,}",
    # money, mail, chat
    "sk_live_": r"\bsk_live_[0-9A-Za-z]{20,}",
    "sk_test_": r"\bsk_test_[0-9A-Za-z]{20,}",
    "rk_live_": r"\brk_live_[0-9A-Za-z]{20,}",
    "rk_test_": r"\brk_test_[0-9A-Za-z]{20,}",
    "whsec_": r"\bwhsec_[A-Za-z0-9+/]{24,}={0,2}",
    "sq0": r"\bsq0(?:atp|csp)-[\w\-]{22,}",
    "shpat_": r"\bshpat_[0-9a-fA-F]{32}",
    "sg.": r"\bSG\.[\w\-]{20,24}\.[\w\-]{39,50}",
    "xox": r"\bxox[abeoprs]-[A-Za-z0-9\-]{10,}",
    "xapp-": r"\bxapp-\d-[A-Za-z0-9\-]{20,}",
    "hooks.slack.com": r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[A-Za-z0-9+/]{20,}",
    "api/webhooks/": r"(?<=api/webhooks/)\d{15,20}/[\w\-]{40,}",  # Discord's
    ":aa": r"\b\d{8,10}:AA[\w\-]{32,34}",  # Telegram's
    "glsa_": r"\bglsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}",
    "ntn_": r"\bntn_[A-Za-z0-9]{40,}",
    "lin_api_": r"\blin_api_[A-Za-z0-9]{40}",
    "pmak-": r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}",
    "nrak-": r"\bNRAK-[A-Z0-9]{27}",
    "age-secret-key-": r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}",
    "eyj": r"\b(?<!-)eyJ[\w\-]{8,}\.eyJ[\w\-]{8,}\.[\w\-]{8,}",  # JWT
}


def _sign_of(word: str) -> str:
    return next((char for char in word if not char.isalnum()), "")


FORMATS = {
    sign: tuple((word, rule) for word, rule in _FORMATS.items() if _sign_of(word) == sign)
    for sign in sorted(set(map(_sign_of, _FORMATS)))
}
"""Text that a key holds, in small letters, and what finds the key; by a sign in that text, which most words lack."""

LEAST_LENGTH = 20
"""Of a key with the text that it is known by: in shorter pieces between spaces none is looked for."""

KEY_SHAPED = re.compile(r"[a-z0-9_.~+/=:\-]+")
"""What such a key lies in, with its text, in small letters: brackets, quotes and commas stand in none."""
