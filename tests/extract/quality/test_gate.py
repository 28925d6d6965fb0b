"""The quality gate's table: what is rejected and why, and beside it what looks alike and passes."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from tests.extract.pages import FOLDER, page_of
from worker.errors import LowQualityError, NoArticleError
from worker.extract.body import extract_article
from worker.extract.quality import judge, require_text
from worker.models import Entry, Hop

PASSES = "passes"
URL = "https://courier.example/business/airport-lounge-prices"
LOUNGES = "Airport lounges raise their prices"

STORY = (
    "The council of Eastmere voted on Tuesday to rebuild the harbour wall that a storm broke in January.",
    "Work is to begin in spring and to cost eleven million, of which the region pays a third, officials said.",
    "Fishermen who land their catch there had asked for a quicker repair, since each tide now floods the quay.",
    "An engineer who surveyed the wall for the council warned that it had been failing for a decade already.",
)
LEAD = STORY[0]


def html(*parts: str, head: str = "", title: str = "Courier") -> str:
    body = "".join(part if part.startswith("<") else f"<p>{part}</p>" for part in parts)
    return f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


def article(*paragraphs: str, head: str = "", title: str = "Courier", **around: str) -> str:
    text = "".join(f"<p>{each}</p>" for each in paragraphs)
    before, after = around.get("before", ""), around.get("after", "")
    return html(f"{before}<article><h1>{title}</h1>{text}</article>{after}", head=head, title=title)


def verdict(body: str, said: str | None = LOUNGES, final_url: str = URL, **page: Any) -> str:
    """Return the reason for which the page is rejected, `passes` where it is not."""
    fetched = replace(page_of(body.encode(), URL, "text/html"), final_url=final_url, **page)
    entry = Entry(entry_id="e", feed_id="f", url=URL, title=said)
    try:
        extract_article(fetched, entry)
    except (LowQualityError, NoArticleError) as error:
        return error.reason
    return PASSES


def teasers(count: int = 8, element: str = "div") -> str:
    """A section page's list: headlines that lead elsewhere, a sentence or two under each."""
    return "".join(
        f"<{element}><h3><a href='/news/{n}'>Headline number {n} about town {n}</a></h3>"
        f"<p>In town {n} the mayor of place {n} said that plan {n} would be ready before day {n} of the month, "
        f"and that nobody in street {n} needed to worry about it any more.</p></{element}>"
        for n in range(1, count + 1)
    )


def links(count: int = 12) -> str:
    items = "".join(
        f"<li><a href='/l/{n}'>A link to story number {n} elsewhere</a></li>" for n in range(count)
    )
    return f"<article><h1>Links of the day</h1><ul>{items}</ul></article>"


CONSENT = {
    "en": ("We value your privacy", "We and our partners store information on your device. You may accept all or reject all."),
    "de": ("Ihre Privatsphäre", "Wir und unsere Partner verwenden Cookies. Mit Werbung weiterlesen oder alle ablehnen."),
    "fr": ("Votre vie privée", "Avec votre consentement, nos partenaires utilisent des traceurs. Tout accepter ou continuer sans accepter."),
    "es": ("Tu privacidad", "Nosotros y nuestros socios utilizamos cookies. Puedes aceptar todo o rechazar todo en cualquier momento."),
    "it": ("La tua privacy", "Noi e i nostri partner utilizziamo i cookie. Puoi accettare o continua senza accettare la raccolta."),
    "pt": ("Valorizamos a sua privacidade", "Nós e os nossos parceiros usamos cookies. Pode aceitar tudo ou rejeitar tudo a qualquer momento."),
    "nl": ("Uw privacy", "Wij en onze partners gebruiken cookies. U kunt alles accepteren of alles weigeren wanneer u wilt."),
    "pl": ("Cenimy Twoją prywatność", "My i nasi partnerzy używamy plików cookie. Kliknij akceptuję wszystkie lub zmień ustawienia."),
    "ru": ("Мы ценим вашу конфиденциальность", "Мы и наши партнёры используем файлы cookie. Нажмите «принять все» или измените выбор."),
    "uk": ("Ми цінуємо вашу приватність", "Ми та наші партнери використовуємо файли cookie. Натисніть прийняти всі або змініть вибір."),
    "tr": ("Gizliliğinize önem veriyoruz", "Biz ve iş ortaklarımız çerezleri kullanıyoruz. Tümünü kabul et seçeneğine dokunun."),
    "ar": ("نحن نهتم بخصوصيتك", "نستخدم نحن و شركاؤنا ملفات تعريف الارتباط. اختر قبول الكل أو رفض الكل للمتابعة."),
    "zh": ("我们重视您的隐私", "我们和合作伙伴使用 Cookie。请选择全部接受或者全部拒绝，以继续访问本网站的内容。"),
    "ja": ("プライバシーを尊重します", "当社とパートナーはクッキーを使用します。すべて受け入れるか、すべて拒否を選んでください。"),
}  # fmt: skip


@pytest.mark.parametrize("language", CONSENT)
def test_consent_walls_in_every_language(language):
    heading, text = CONSENT[language]
    assert verdict(html(f"<h1>{heading}</h1>", text)) == "consent_wall"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "You need to enable JavaScript to run this app."),
        ("de", "Bitte aktivieren Sie JavaScript, um diese Seite zu sehen."),
        ("fr", "Veuillez activer JavaScript pour afficher cette page."),
        ("es", "Por favor, habilite JavaScript para ver esta página."),
        ("it", "Abilita JavaScript per visualizzare questa pagina."),
        ("pt", "Por favor, ative o JavaScript para ver esta página."),
        ("nl", "Schakel JavaScript in om deze pagina te bekijken."),
        ("pl", "Włącz JavaScript, aby zobaczyć tę stronę."),
        ("ru", "Пожалуйста, включите JavaScript, чтобы увидеть страницу."),
        ("uk", "Будь ласка, увімкніть JavaScript, щоб побачити сторінку."),
        ("tr", "Bu sayfayı görmek için JavaScript'i etkinleştirin."),
        ("ar", "يرجى تفعيل JavaScript لعرض هذه الصفحة."),
        ("zh", "请启用 JavaScript 以查看此页面。"),
        ("ja", "このページを見るには JavaScript を有効にしてください。"),
    ],
)
@pytest.mark.parametrize(
    "shown", ["<p>{}</p>", "<noscript>{}</noscript><div id=root></div>"], ids=["shown", "noscript"]
)
def test_script_shells_in_every_language(language, text, shown):
    assert verdict(html(shown.format(text))) == "needs_javascript"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Checking your browser before accessing the site. Verify you are human by completing the action below."),
        ("de", "Ihr Browser wird überprüft. Bestätigen Sie, dass Sie ein Mensch sind: ungewöhnlicher Datenverkehr."),
        ("fr", "Vérification de votre navigateur. Confirmez que vous êtes humain pour continuer vers le site."),
        ("es", "Hemos detectado tráfico inusual. Confirme que es humano y complete el captcha para seguir."),
        ("it", "Abbiamo rilevato traffico insolito. Conferma di non essere un robot: completa il captcha."),
        ("pt", "Detectamos tráfego incomum. Confirme que é humano e complete o captcha para continuar."),
        ("nl", "Wij zien ongebruikelijk verkeer. Bevestig dat u een mens bent en geen robot om verder te gaan."),
        ("pl", "Wykryliśmy nietypowy ruch. Potwierdź, że jesteś człowiekiem, i rozwiąż captcha, by przejść dalej."),
        ("ru", "Замечена подозрительная активность. Подтвердите, что вы не робот, и введите капчу ниже."),
        ("uk", "Помічено незвичний трафік. Підтвердьте, що ви не робот, і введіть капчу нижче."),
        ("tr", "Olağan dışı trafik algıladık. Devam etmek için insan olduğunuzu doğrulayın, robot değilim kutusunu seçin."),
        ("ar", "رصدنا حركة مرور غير عادية من شبكتك. يرجى تأكيد أنك لست روبوت للمتابعة إلى الموقع."),
        ("zh", "检测到异常流量。请输入验证码，确认您是真人，然后继续访问本站。"),
        ("ja", "通常と異なるトラフィックを検出しました。ロボットではないことを確認してください。"),
    ],
)  # fmt: skip
def test_challenges_in_every_language(language, text):
    assert verdict(html(text)) == "bot_challenge"


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Page not found - Courier"), ("de", "Seite nicht gefunden"), ("fr", "Page introuvable"),
        ("es", "Página no encontrada"), ("it", "Pagina non trovata"), ("pt", "Página não encontrada"),
        ("nl", "Pagina niet gevonden"), ("pl", "Nie znaleziono strony"), ("ru", "Страница не найдена"),
        ("uk", "Сторінку не знайдено"), ("tr", "Sayfa bulunamadı"), ("ar", "الصفحة غير موجودة"),
        ("zh", "找不到页面"), ("ja", "ページが見つかりません"),
    ],
)  # fmt: skip
def test_error_pages_in_every_language(language, title):
    around = "Please use the search above, or have a look at what other readers liked this week on our site."
    assert verdict(html(f"<h1>{title}</h1>", around, title=title)) == "error_page"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Subscribe to continue reading"), ("de", "Weiterlesen mit Plus"), ("fr", "Article réservé aux abonnés"),
        ("es", "Suscríbete para seguir leyendo"), ("it", "Riservato agli abbonati"), ("pt", "Exclusivo para assinantes"),
        ("nl", "Alleen voor abonnees"), ("pl", "Tylko dla prenumeratorów"), ("ru", "Только для подписчиков"),
        ("uk", "Лише для передплатників"), ("tr", "Abonelere özel"), ("ar", "للمشتركين فقط"),
        ("zh", "会员专享"), ("ja", "有料会員限定の記事です"),
    ],
)  # fmt: skip
def test_paywalls_in_every_language(language, text):
    box = f"<div class='article-paywall'>{text}</div>"
    assert verdict(article(LEAD, after=box), said="Council rebuilds the harbour wall") == "paywall_stub"


def json_ld(**about: Any) -> str:
    import json

    return f"<script type='application/ld+json'>{json.dumps({'headline': 'Harbour wall', **about})}</script>"


PAID = {"@type": "NewsArticle", "isAccessibleForFree": "False", "hasPart": {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paid"}}  # fmt: skip
BRIEF = "Eastmere's council fined a bakery for its cookie banner on Monday. The wall of text let customers accept all cookies, but not reject all of them, the ruling says."


@pytest.mark.parametrize(
    ("body", "page", "reason"),
    [
        # Consent
        pytest.param(html("<div class=consent-wall>", "With your consent we store identifiers on your device."), {}, "consent_wall", id="one phrase inside a wall's markup"),
        pytest.param(html("Before you continue, please choose."), {"final_url": "https://consent.courier.example/gate?u=1"}, "consent_wall", id="redirected to a consent gate"),
        pytest.param(article(*STORY), {"final_url": "https://consent.courier.example/gate", "said": None}, "consent_wall", id="a gate's address, whatever a short text says"),
        pytest.param(article(*STORY), {"final_url": "https://consent.courier.example/gate", "said": "Council rebuilds harbour wall at Eastmere"}, PASSES, id="a gate's address, but the article"),
        pytest.param(article(BRIEF, title="Bakery fined for its cookie banner"), {"said": "Bakery fined for its cookie banner"}, PASSES, id="a brief about cookie banners"),
        pytest.param(article(*STORY, CONSENT["en"][1]), {"said": "Council rebuilds the harbour wall"}, PASSES, id="a banner's text after the article"),
        pytest.param(article(*STORY * 4, CONSENT["en"][1]), {"said": None}, PASSES, id="a banner's text after a long article"),
        pytest.param(article(*STORY, after="<script>window.didomiConfig={}</script><div id='onetrust-banner'></div>"), {}, PASSES, id="a consent manager's script"),
        # Scripts
        pytest.param(html("<div id='__next'></div><script src='/main.js'></script>"), {}, "needs_javascript", id="an empty frame"),
        pytest.param(html("<div id='app'><div class='spinner'></div></div>"), {}, "needs_javascript", id="a frame that spins"),
        pytest.param(article(*STORY, before="<noscript>Please enable JavaScript</noscript>"), {}, PASSES, id="a noscript beside an article"),
        pytest.param(article(*STORY, before="<div id='root'></div>"), {}, PASSES, id="an empty frame beside an article"),
        pytest.param(article("Here is how to enable JavaScript in each browser, step by step, and why some sites will not work without it at all.", title="How to enable JavaScript"), {"said": "How to enable JavaScript in a browser"}, PASSES, id="a brief about scripts"),
        # Challenges
        pytest.param(html("Enable cookies to continue.", title="Just a moment..."), {}, "bot_challenge", id="Cloudflare's title"),
        pytest.param(html("You don't have permission to access this.", "Reference #18.2d351ab8.1557333295.a4e16ab", title="Access Denied"), {}, "bot_challenge", id="Akamai's refusal"),
        pytest.param(html("Reference #18.2d351ab8.1557333295.a4e16ab"), {}, "bot_challenge", id="only a reference number"),
        pytest.param(html("<script src='https://geo.captcha-delivery.com/c.js'></script>", "Please wait."), {}, "bot_challenge", id="DataDome's script and nothing else"),
        pytest.param(html("<div id=px-captcha></div>", "Press & Hold to confirm."), {}, "bot_challenge", id="PerimeterX"),
        pytest.param(article(*STORY), {"headers": {"cf-mitigated": "challenge"}}, "bot_challenge", id="Cloudflare's header"),
        pytest.param(article(*STORY), {"headers": {"x-amzn-waf-action": "captcha"}}, "bot_challenge", id="AWS WAF's header"),
        pytest.param(article(*STORY), {"headers": {"cf-mitigated": "none"}}, PASSES, id="another value of the header"),
        pytest.param(article(*STORY, after="<form><div class='g-recaptcha'></div></form>"), {}, PASSES, id="a captcha in a comment form"),
        pytest.param(article(*STORY, after="<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"), {}, PASSES, id="Cloudflare's script in an article"),
        pytest.param(article("Captchas that ask whether you are human stop fewer robots than people, a study of unusual traffic found on Monday.", title="Captchas stop people, not robots"), {"said": "Captchas stop people, not robots"}, PASSES, id="a brief about captchas"),
        pytest.param(article(*STORY, title="Access denied: how the harbour was closed", head="<meta property=article:published_time content=2026-01-01>"), {"said": None}, PASSES, id="an article titled like a refusal"),
        # Errors
        pytest.param(html("Nothing here.", title="404"), {}, "error_page", id="only a number"),
        pytest.param(html("<h1>Error 503</h1>", "Try again later."), {}, "error_page", id="a number in the heading"),
        pytest.param(html("Oops! The page you are looking for has moved."), {}, "error_page", id="a sentence on an empty page"),
        pytest.param(html("We are sorry. Have a look at our latest stories."), {"final_url": "https://courier.example/errors/404.html"}, "error_page", id="redirected to an error page"),
        pytest.param(article(*STORY, title="404 homes still without power"), {"said": "404 homes: the council rebuilds the harbour wall"}, PASSES, id="a headline that begins with a number"),
        pytest.param(article(*STORY * 3, title="Error 404: a history of the page not found"), {"said": None}, PASSES, id="a long article about errors"),
        pytest.param(article(*STORY, "The old notice is no longer available."), {}, PASSES, id="a phrase in an article"),
        # Paywalls
        pytest.param(article(LEAD, head=json_ld(**PAID)), {}, "paywall_stub", id="declared as paid, a paragraph"),
        pytest.param(article(LEAD, head=json_ld(**{**PAID, "isAccessibleForFree": False})), {}, "paywall_stub", id="declared with a JSON false"),
        pytest.param(article(LEAD, head="<meta property='article:content_tier' content='locked'>"), {}, "paywall_stub", id="locked tier"),
        pytest.param(article(*STORY * 2, head=json_ld(**PAID)), {}, PASSES, id="declared as paid, but all there"),
        pytest.param(article(LEAD, head=json_ld(**{**PAID, "isAccessibleForFree": True})), {}, PASSES, id="a free brief"),
        pytest.param(article(LEAD, head="<meta property='article:content_tier' content='metered'>"), {}, PASSES, id="metered: readable so far"),
        pytest.param(article(*STORY * 2, after="<div class=paywall>Subscribe to continue reading</div>"), {}, PASSES, id="an offer under a whole article"),
        pytest.param(article(LEAD, after="<div class=paywall></div>"), {}, PASSES, id="an empty paywall box"),
        pytest.param(article("The publisher said on Tuesday that articles for subscribers only would be free until Sunday."), {}, PASSES, id="a phrase without a box"),
        # Listings
        pytest.param(html(f"<main>{teasers()}</main>"), {}, "index_page", id="teasers"),
        pytest.param(html(f"<main>{teasers(element='article')}</main>", head="<meta property=og:type content=website>"), {}, "index_page", id="teasers as articles"),
        pytest.param(html(f"<main>{teasers()}</main>", head=json_ld(**{"@type": "CollectionPage"})), {}, "index_page", id="a CollectionPage"),
        pytest.param(html(f"<main><p>{STORY[0]} {STORY[1]}</p>{teasers()}</main>"), {"final_url": "https://courier.example/tag/harbour"}, "index_page", id="a tag page with an introduction"),
        pytest.param(article(*STORY * 2, after=f"<aside class=related>{teasers()}</aside>"), {}, PASSES, id="an article with related teasers"),
        pytest.param(article(*STORY * 2, after=f"<div class=more>{teasers(20)}</div>", head=json_ld(**{"@type": "CollectionPage"})), {}, PASSES, id="an article that calls itself a collection"),
        pytest.param(article(*STORY * 2, head="<meta property=og:type content=website>"), {"final_url": "https://courier.example/topics/harbour-wall"}, PASSES, id="an article under a listing's address"),
        pytest.param(html(f"<main>{teasers(4)}</main>"), {}, PASSES, id="four teasers are a newsletter"),
        pytest.param(html(links()), {}, "link_list", id="links only"),
        pytest.param(html(f"<article><p>{STORY[0]}</p>{links(8)}</article>"), {}, "link_list", id="links under a sentence"),
        pytest.param(article(*STORY, after=links()), {}, PASSES, id="links after an article"),
        pytest.param(article("".join(f"<a href='/{n}'>Story {n}</a> is what {line}" for n, line in enumerate(STORY))), {}, PASSES, id="an article with links in its sentences"),
        pytest.param(html("<ul>" + "".join(f"<li>{n} grams of flour, sifted, and a spoon of salt</li>" for n in range(12)) + "</ul>"), {}, PASSES, id="a list without links"),
        # Too little
        pytest.param(html("Menu"), {}, "no_article", id="one word"),
        pytest.param(html("Rain fell."), {}, PASSES, id="a sentence"),
        pytest.param(article(*STORY), {}, PASSES, id="an article"),
        pytest.param(article(*STORY), {"said": None}, PASSES, id="an article without a title in the feed"),
    ],
)  # fmt: skip
def test_the_gate(body, page, reason):
    assert verdict(body, **page) == reason


@pytest.mark.parametrize("path", sorted(FOLDER.glob("gate_*.html")), ids=lambda path: path.stem)
def test_whole_pages(path):
    """Files of `tests/data/pages` that are named after their reason: gate_REASON-DETAIL.html."""
    reason = path.stem.removeprefix("gate_").partition("-")[0]
    assert verdict(path.read_text(encoding="utf-8")) == reason


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<h3><a href=/x>One headline more</a></h3>" * 20_000, id="headlines"),
        pytest.param(
            "".join(f"<a href=/{n}>Link number {n} of them</a> " for n in range(20_000)), id="links"
        ),
        pytest.param("<div class=paywall>" * 20_000, id="paywalls"),
        pytest.param("<div id=root>" * 20_000, id="frames"),
        pytest.param("<noscript>" * 20_000, id="noscript"),
    ],
)
def test_hostile_repetition_takes_no_quadratic_time(body):
    spent = []

    def timed(*facts: Any) -> None:
        start = time.process_time()
        try:
            judge(*facts)
        finally:
            spent.append(time.process_time() - start)

    with suppress(LowQualityError, NoArticleError):
        extract_article(page_of(html(body).encode(), URL), None, timed)
    # The union of XPath node sets took 8 s for the first row; everything is linear now, some .1 s at most.
    assert sum(spent) < 2


def test_the_reason_says_what_was_seen():
    with pytest.raises(LowQualityError) as caught:
        extract_article(page_of(html("Nothing here.", title="Error 404").encode(), URL), None)
    assert (caught.value.reason, caught.value.detail) == ("error_page", "titled 'error 404'")


def test_plain_text_is_judged_by_its_words():
    page = page_of(CONSENT["en"][1].encode(), URL, "text/plain")
    with pytest.raises(LowQualityError, match="accept all"):
        extract_article(page, None)


def test_a_redirect_within_the_page_itself_is_none():
    page = replace(page_of(article(*STORY).encode(), URL), redirects=(Hop(status=301, url=URL),))
    assert extract_article(page, None).body


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(html(CONSENT["en"][1]), PASSES, id="a wall"),
        pytest.param(html("Menu"), PASSES, id="one word"),
        pytest.param(html("<div id=root></div>"), "no_article", id="no text at all"),
    ],
)
def test_what_an_operator_lets_in(body, reason):
    page = page_of(body.encode(), URL)
    try:
        extract_article(page, None, require_text)
    except NoArticleError as error:
        assert error.reason == reason
    else:
        assert reason == PASSES


def test_the_default_is_the_gate():
    with pytest.raises(NoArticleError):
        extract_article(page_of(html("Menu").encode(), URL), None, judge)
