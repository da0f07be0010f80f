/**
 * Words by which providers tell what their status does not. Looked for in error bodies only, never in what a model
 * wrote, and without regard to case. Sources: the lists of the balancer's ancestors, the resellers' own gateways
 * (new-api, one-api and their kin, whose texts are Chinese), and the error texts of the providers named beside a phrase.
 */

/** The account's money or allowance is used up: nothing on this provider will be answered. */
const QUOTA: readonly RegExp[] = [
  /insufficient[ _-](?:\w+[ _-]){0,2}(?:credits?|balance|funds?|quota)\b/i, // Insufficient credits, insufficient_user_quota, Insufficient Balance (DeepSeek)
  /\b(?:credit|account) balance is (?:too low|insufficient|not enough|negative)/i, // Anthropic: Your credit balance is too low …
  /\b(?:out of|no(?: more| remaining)?|not enough|ran out of|run out of|requires? more)[ _](?:\w+ )?credits?\b/i, // OpenRouter
  /\bout_of_credits\b|\bcredits? (?:exhausted|depleted|used up|(?:have|has) been (?:exhausted|used))/i,
  /\b(?:quota|credit)s? (?:is|are) not enough|\bquota (?:is )?(?:exhausted|insufficient|used up)/i, // new-api: user quota is not enough
  /\b(?:billing[_ ]hard[_ ]limit|billing_not_active|please check your billing details|access_terminated)/i, // OpenAI
  /\breached your specified (?:workspace )?api usage limits/i, // Anthropic: … You will regain access on …
  /\bspend(?:ing)?[ _](?:limit|cap)[ _](?:has been )?(?:reached|exceeded)|\b(?:reached|exceeded) (?:your|the) (?:\w+ )?spend(?:ing)? (?:limit|cap)/i,
  /\b(?:subscription|plan|package) (?:has |is )?expired/i,
  /\bout of (?:extra )?usage\b/i, // Anthropic: You're out of extra usage
  /\bno[ _]available[ _]tokens?\b|没有可用\s*token|无可用\s*token|没有可用令牌|无可用令牌/i,
  /余额不足|余额已用|额度不足|额度已用|额度用尽|额度失败|剩余额度|配额不足|配额已用|超出配额|积分不足|点数不足|欠费|arrearage/i,
  /(?:账户|账号|套餐|订阅|令牌)[^。，,\n]{0,8}(?:已过期|已到期|已用尽|已耗尽)/i,
];

/** The same, unless a sentence shows that the quota is a rate (Google says "quota" for requests per minute too). */
const QUOTA_OR_RATE =
  /\bquota[ _](?:\w+ ){0,3}?exceeded|\bquota_exceeded\b|\bexceeded? (?:your|the|its) (?:\w+ ){0,3}quota/i;
const RATE = /per[ _-]?(?:second|minute|min\b)|\b[rt]pm\b|每分钟|每秒/i;

/** A model's name in a sentence, perhaps in quotes. */
const NAME = '(?:[`\'"“‘(\\[]?[\\w.:/@+~-]{1,120}[`\'"”’)\\]]?)';
/** What must not follow: then it is a feature of a model that is missing, not the model. */
const FEATURE =
  '(?!,? (?:for|with|in|by|when) (?:\\w+ ){0,2}(?:thinking|reasoning|tools?|images?|vision|streaming|effort|cach|batch|structured|documents?|pdf))';
const GONE =
  "(?:not found|(?:does|did|do)(?: not|n['’]t) exist|not exist|(?:not|un) ?supported|(?:not|un) ?available|not (?:been )?(?:enabled|activated|configured|allowed|permitted)|unknown|invalid|retired|deprecated|has been (?:removed|retired|deprecated|discontinued|decommissioned|disabled|shut down)|no longer (?:available|supported))";

/** This provider does not have this model (now, or for this account): others may. */
const MODEL_MISSING: readonly RegExp[] = [
  // The model `x` does not exist or you do not have access to it; Model Not Exist; model "x" not found, try pulling it first
  new RegExp(
    `\\bmodels?(?: (?:id|name|identifier))?[\\s:=]+(?:${NAME}[\\s,:]+)??(?:is |are |was |could |currently ){0,2}${GONE}\\b${FEATURE}`,
    'i',
  ),
  /\b(?:unknown|unsupported|unrecogni[sz]ed|nonexistent|non-existent|invalid) model\b(?:[:.,`'"]|\s*$|\s+(?:name|id|identifier|specified|requested|[`'"(]))/im,
  /\bis not a (?:valid|supported|known) model\b/i, // OpenRouter: x is not a valid model ID
  /\bno such model\b|\bmodel[_ ]?not[_ ]?(?:found|available|supported|exist)\w*\b|\b(?:unknown|unsupported|invalid)_model\b/i,
  /\b(?:no[ _]available[ _]models?|no available channels? for (?:the )?(?:group .{0,60})?models?|no (?:endpoints|providers|channels) (?:found|available) for)\b/i,
  /\b(?:access to|permission (?:to|for)|not (?:allowed|authori[sz]ed|permitted|entitled) to (?:use|access|call)) (?:the |this |that )?(?:requested )?model\b/i,
  /\b(?:models?|(?:claude|gpt|glm|kimi|qwen|deepseek|gemini)-[\w.:-]+)(?: [`'"]?[\w.:/@-]+[`'"]?)? (?:is |are )?not (?:included |available |supported |part )?(?:of |in |on |by |with |under |for )(?:your|the)(?: current)?(?: \w+)? (?:plan|subscription|tier)\b/i,
  /\bmodel id .{1,120} with on-demand throughput isn['’]t supported/i, // Bedrock
  /无可用\s*(?:的)?模型|没有可用\s*(?:的)?模型|无可用渠道|模型[^。，,\n]{0,80}(?:不存在|不可用|不支持|未开放|已下线|已禁用|被禁用|无可用)|不支持(?:该|此|的)?模型|无权(?:访问|使用)[^。，,\n]{0,12}模型/i,
];

/** Of the phrases above those that name a missing model whatever the status is. */
const MODEL_MISSING_ANYWHERE =
  /无可用\s*(?:的)?模型|没有可用\s*(?:的)?模型|无可用渠道|\bno[ _]available[ _]models?\b|\bno available channels? for (?:the )?(?:group .{0,60})?models?\b/i;

/** 403 (or 400) for what was asked, not for who asked. */
const POLICY: readonly RegExp[] = [
  /\b(?:content|usage|acceptable use|safety)[ _-](?:management )?(?:policy|policies|guidelines|filter\w*)\b/i,
  /\bmoderation\b|\bwas flagged\b|\bflagged (?:by|as|for)\b|\bprohibited content\b|\bcontent_policy\w*|\bcontent_filter\w*/i,
  /\b(?:unsafe|harmful|sensitive|inappropriate) (?:content|input|prompt|words?)\b|\bviolat\w+ (?:of )?(?:our|the) (?:\w+ )?(?:policy|policies|guidelines|terms)\b/i,
  /敏感|违规|不安全内容|内容审核|安全审核/i,
];
/** A policy that closed the account speaks about the credentials after all. */
const ACCOUNT_CLOSED =
  /\b(?:account|organi[sz]ation|api key|workspace)\b.{0,60}\b(?:disabled|suspended|banned|blocked|terminated|deactivated|restricted)\b|封禁|封号|禁用|停用/i;

/** Refusals of the request that the balancer knows well; the users' own patterns do not turn them into server errors. */
const KNOWN_REFUSALS: readonly RegExp[] = [
  /\bprompt (?:is )?too long\b|\binput (?:is |length )?too long\b|\btoo many (?:input )?tokens\b(?!.{0,20}wait)/i,
  /\bcontext[ _-](?:length|window|size)\b|\bmaximum (?:prompt|context) length\b|\bmax context length\b/i,
  /\binput length and `?max_tokens`? exceed|\binput token count\b.{0,30}\bexceeds\b|\bmodel token limit\b|\brange of input length\b/i,
  /\bprompt (?:token count|contains)\b.{0,40}\btokens?\b|\breduce the length of the (?:messages|input)\b|\bn_ctx\b/i,
  /\bextra inputs are not permitted\b|\bfield required\b|\binput should be\b|\bunexpected value\(s\)/i,
  /\b(?:unsupported|unknown|unrecogni[sz]ed|invalid) (?:request )?(?:parameter|argument|value|field|beta)\b/i,
  /\b(?:is|are) not supported (?:with|by|for) (?:this|the) model\b|\bdoes not support\b|\bmax_tokens\b.{0,30}\btoo large\b/i,
  /\btool_use_failed\b|\bexpected `?(?:thinking|redacted_thinking)`?/i,
];

/** A thinking block signed elsewhere: Anthropic's, Vertex's and Bedrock's words for it (docs/protocols.md §14). */
const FOREIGN_SIGNATURE: readonly RegExp[] = [
  /\binvalid `?signature`? in `?(?:redacted_)?thinking`?/i,
  /\binvalid `?data`? in `?redacted_thinking`?/i,
  /\binvalid thinking (?:block )?signature\b/i,
  /\bsignature`?: field required\b/i,
];

const some = (patterns: readonly RegExp[], text: string): boolean =>
  patterns.some((pattern) => pattern.test(text));

/** `rateLike`: under 429 a quota per minute is a rate, not an allowance. */
export function saysQuota(text: string, rateLike: boolean): boolean {
  return some(QUOTA, text) || (QUOTA_OR_RATE.test(text) && !(rateLike && RATE.test(text)));
}

export function saysModelMissing(text: string): boolean {
  return some(MODEL_MISSING, text);
}

export function saysNoModelLeft(text: string): boolean {
  return MODEL_MISSING_ANYWHERE.test(text);
}

export function saysPolicy(text: string): boolean {
  return some(POLICY, text) && !ACCOUNT_CLOSED.test(text);
}

export function saysKnownRefusal(text: string): boolean {
  return some(KNOWN_REFUSALS, text) || saysPolicy(text);
}

export function saysForeignSignature(text: string): boolean {
  return some(FOREIGN_SIGNATURE, text);
}

/**
 * The server does not hold the conversation that this turn continues (`thread` of the Messages API): whoever gets these words sends
 * all of it.
 */
export function saysThreadLost(text: string): boolean {
  return /\bthread_(?:not_found|already_continued|continue_in_flight|unsupported_request)\b/.test(text);
}

/** 400 that speaks of who asked: Gemini's word for a wrong key, Anthropic's for a closed organization. */
export function saysBadKey(text: string): boolean {
  return /\bapi key not valid\b|\binvalid (?:x-)?api[- ]key\b|\b(?:organi[sz]ation|account) has been (?:disabled|suspended|banned)\b/i.test(
    text,
  );
}
