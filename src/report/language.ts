/** Languages that have templates: the names of the folders in templates/. */
export const LANGUAGES = ['en', 'zh-CN'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The language of a locale name (`zh_CN.UTF-8`, `zh-Hans`, `en_GB`): every Chinese locale reads Simplified Chinese here, all others English. */
export const languageOf = (locale: string | undefined): Language => (/^zh/i.test(locale ?? '') ? 'zh-CN' : 'en');
