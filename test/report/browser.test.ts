import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Analysis } from '../../src/judging/analysis.ts';
import { renderHtml } from '../../src/report/render-html.ts';
import { PAYLOAD, suffixed } from './hostile.ts';
import { sampleAnalysis } from './sample-analysis.ts';

const CHROMIUM = '/usr/bin/chromium';
const present = existsSync(CHROMIUM);
if (!present)
  console.warn(
    `SKIPPED: no ${CHROMIUM}. The report was NOT tried in a browser (scripts, requests, accessibility, print).`,
  );

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const calm: Analysis = {
  ...sampleAnalysis,
  rootCauses: [],
  verdict: { ...sampleAnalysis.verdict, code: 'undecided' },
};
const pages: Readonly<Record<string, string>> = {
  '/sample': renderHtml(sampleAnalysis, { lang: 'en' }),
  '/zh': renderHtml(sampleAnalysis, { lang: 'zh-CN' }),
  '/calm': renderHtml(calm, { lang: 'en' }),
  '/hostile': renderHtml(suffixed(sampleAnalysis, PAYLOAD, 'values'), { lang: 'en' }),
  // Without its policy: what keeps scripts out must be the escaping already.
  '/bare': renderHtml(suffixed(sampleAnalysis, PAYLOAD, 'all'), { lang: 'en' }).replace(
    /<meta http-equiv="Content-Security-Policy"[^>]*>/,
    '',
  ),
};

describe.skipIf(!present)('in a browser, the page', () => {
  let browser: Browser;
  let server: Server;
  let hits: string[] = [];
  let origin = '';

  beforeAll(async () => {
    server = createServer((request, response) => {
      hits.push(request.url ?? '');
      const page = pages[request.url ?? ''];
      response.writeHead(page ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' }).end(page ?? '');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const open = async (path: string, options: BrowserContextOptions = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const requests: string[] = [];
    const messages: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => messages.push(message.text()));
    page.on('dialog', (dialog) => {
      messages.push('dialog');
      void dialog.dismiss();
    });
    hits = [];
    await page.goto(`${origin}${path}`);
    return { context, page, requests, messages };
  };

  test.each(['/sample', '/hostile', '/bare'])(
    'runs no script and asks for nothing (%s)',
    async (path) => {
      const { context, page, requests, messages } = await open(path);
      await page.waitForLoadState('networkidle');
      expect(await page.evaluate('window.pwned')).toBeUndefined();
      expect(await page.evaluate('document.scripts.length')).toBe(0);
      expect(await page.evaluate('performance.getEntriesByType("resource").length')).toBe(0);
      expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([`${origin}${path}`]);
      expect(hits).toEqual([path]);
      expect(messages).toEqual([]);
      await context.close();
    },
    30_000,
  );

  test('is styled under its own policy', async () => {
    const { context, page } = await open('/sample');
    expect(await page.evaluate('getComputedStyle(document.querySelector(".verdict")).borderTopWidth')).toBe('5px');
    await context.close();
  }, 30_000);

  const looks: [string, string, BrowserContextOptions][] = [
    ['light', '/sample', {}],
    ['dark', '/sample', { colorScheme: 'dark' }],
    ['at 360 px', '/sample', { viewport: { width: 360, height: 740 } }],
    ['Chinese', '/zh', {}],
    ['calm', '/calm', {}],
    ['hostile at 360 px', '/hostile', { viewport: { width: 360, height: 740 } }],
  ];
  test.each(looks)(
    'has no accessibility violation: %s',
    async (_, path, options) => {
      const { context, page } = await open(path, options);
      await page.evaluate('for (const d of document.querySelectorAll("details")) d.open = true');
      await page.evaluate(AXE);
      const found = (await page.evaluate(
        'axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + n.failureSummary).join(" | ")))',
      )) as string[];
      expect(found).toEqual([]);
      await context.close();
    },
    60_000,
  );

  test.each([
    ['/sample', 360],
    ['/zh', 360],
    ['/hostile', 360],
    ['/sample', 1280],
  ])(
    'is not wider than the screen: only pictures and tables scroll in themselves (%s at %i px)',
    async (path, width) => {
      const { context, page } = await open(path, { viewport: { width, height: 740 } });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await context.close();
    },
    30_000,
  );

  test('no text of a picture is smaller than 11 px, at any width', async () => {
    const { context, page } = await open('/sample', { viewport: { width: 360, height: 740 } });
    const sizes = (await page.evaluate(
      '[...document.querySelectorAll("svg.picture text")].map((t) => parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getBoundingClientRect().width / t.ownerSVGElement.viewBox.baseVal.width)',
    )) as number[];
    expect(sizes.length).toBeGreaterThan(50);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(11);
    await context.close();
  }, 30_000);

  test.each(['/sample', '/zh'])(
    'no text of a picture leaves its picture or runs over its neighbour (%s)',
    async (path) => {
      const { context, page } = await open(path);
      const outside = await page.evaluate(`[...document.querySelectorAll("svg.picture")].flatMap((svg) => {
      const box = svg.getBoundingClientRect();
      return [...svg.querySelectorAll("text")].filter((t) => {
        const r = t.getBoundingClientRect();
        return r.left < box.left - 1 || r.right > box.right + 1 || r.bottom > box.bottom + 1;
      }).map((t) => t.textContent);
    })`);
      expect(outside).toEqual([]);
      await context.close();
    },
    30_000,
  );

  test('is reached by keyboard: the skip link first, then every scrolling region', async () => {
    const { context, page } = await open('/sample');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('skip');
    const regions = await page.evaluate(
      '[...document.querySelectorAll(".scroll")].every((e) => e.tabIndex === 0 && e.getAttribute("aria-label"))',
    );
    expect(regions).toBe(true);
    await context.close();
  }, 30_000);

  test('prints to PDF', async () => {
    const { context, page } = await open('/sample');
    const pdf = await page.pdf({ format: 'A4', printBackground: true });
    expect(pdf.subarray(0, 5).toString('latin1')).toBe('%PDF-');
    const sheets = pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0;
    expect(sheets).toBeGreaterThan(2);
    expect(sheets).toBeLessThan(15);
    await context.close();
  }, 60_000);
});
